//! Counts rows of the screen, to know whether a line is still on it.

use super::columns::columns;

/// Lines after which the first is taken to have left every screen.
const MAX_LINES: usize = 256;

/// The columns of each line that was printed since one of interest, that one included.
#[derive(Debug, Default)]
pub(super) struct PrintedRows {
    /// `None` before the first line of interest, and after [`MAX_LINES`].
    lines: Option<Vec<usize>>,
}

impl PrintedRows {
    /// Counts anew: the next line is the one of interest.
    pub(super) fn restart(&mut self) {
        self.lines = Some(Vec::new());
    }

    /// Counts the lines of `text`.
    pub(super) fn add(&mut self, text: &str) {
        if let Some(lines) = &mut self.lines {
            lines.extend(text.split('\n').map(columns));
        }
        self.lines.take_if(|lines| lines.len() > MAX_LINES);
    }

    /// The rows that these lines take on a terminal with this width, if it breaks them anew after a
    /// change of its width; `None` if they are too many to be on a screen.
    pub(super) fn rows(&self, width: u16) -> Option<usize> {
        self.lines.as_ref().map(|lines| lines.iter().map(|columns| rows(*columns, width)).sum())
    }
}

/// The rows that a terminal with this width takes for `text`.
pub(super) fn rows_of(text: &str, width: u16) -> usize {
    text.split('\n').map(|line| rows(columns(line), width)).sum()
}

/// An empty line takes a row, too.
fn rows(columns: usize, width: u16) -> usize {
    columns.div_ceil(usize::from(width).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_take_more_rows_on_a_narrow_terminal() {
        assert_eq!((rows_of("", 80), rows_of("ab\n", 80), rows_of("田田", 3)), (1, 2, 2));
        let mut printed = PrintedRows::default();
        printed.add("before");
        assert_eq!(printed.rows(80), None);
        printed.restart();
        printed.add(&"x".repeat(80));
        printed.add("");
        assert_eq!(
            (printed.rows(80), printed.rows(79), printed.rows(1)),
            (Some(2), Some(3), Some(81))
        );
        printed.add(&"\n".repeat(MAX_LINES));
        assert_eq!(printed.rows(80), None);
    }
}
