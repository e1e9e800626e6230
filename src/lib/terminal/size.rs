//! The size of the terminal on stderr, and whether its lines can change.

use std::ffi::OsString;
use std::io::IsTerminal as _;

/// The size of the first terminals, which everything assumes that knows no other.
const DEFAULT_SIZE: Size = Size { columns: 80, rows: 24 };

/// Columns and rows of a terminal; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: u16,
    pub(super) rows: u16,
}

impl Size {
    /// The size of the terminal on stderr at this moment. A serial line, and ssh without one on the
    /// other side, report 0; then `COLUMNS` and `LINES` count, and without them 80 by 24.
    pub(super) fn of_stderr() -> Self {
        match console::Term::stderr().size_checked() {
            Some((rows, columns)) => Self { columns, rows },
            None => Self::from_env(std::env::var_os),
        }
    }

    fn from_env(variable: impl Fn(&'static str) -> Option<OsString>) -> Self {
        let number = |name, default| {
            let value = variable(name).and_then(|value| value.to_str()?.parse().ok());
            value.filter(|number| *number > 0).unwrap_or(default)
        };
        Self {
            columns: number("COLUMNS", DEFAULT_SIZE.columns),
            rows: number("LINES", DEFAULT_SIZE.rows),
        }
    }
}

/// Whether stderr is a terminal that obeys control sequences. One without a name (`TERM` is not set, or
/// says so itself) may print them.
pub(super) fn has_control_sequences() -> bool {
    let is_named = |term: OsString| !["", "dumb", "unknown"].iter().any(|none| term == *none);
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_none_is_replaced() {
        let size = |columns: &'static str, lines: &'static str| {
            Size::from_env(|name| Some(if name == "COLUMNS" { columns } else { lines }.into()))
        };
        assert_eq!(size("100", "30"), Size { columns: 100, rows: 30 });
        for (columns, lines) in [("", ""), ("0", "0"), ("-3", "x"), ("70000", "1e3")] {
            assert_eq!(size(columns, lines), DEFAULT_SIZE);
        }
        assert_eq!(Size::from_env(|_| None), DEFAULT_SIZE);
    }
}
