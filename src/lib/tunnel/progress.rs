//! Progress of a download and of the settling time: drawn on a terminal, a few lines elsewhere.

use std::time::Duration;

use crate::terminal;
use crate::units::{format_bytes, format_duration};

#[derive(Debug)]
pub(super) enum ProgressDisplay {
    /// On a terminal.
    Bar(terminal::Progress),
    /// Elsewhere: one line for each quarter of a download of `total` bytes.
    Lines { total: Option<u64>, printed_quarters: u64 },
}

impl ProgressDisplay {
    /// A download of `total` bytes; `None` is unknown.
    pub(super) fn download(total: Option<u64>) -> Self {
        terminal::Progress::transfer("fetching", total)
            .map_or(Self::Lines { total, printed_quarters: 0 }, Self::Bar)
    }

    /// The seconds between registration and announcement; `None` where one printed line is enough.
    pub(super) fn settling(seconds: u64) -> Option<Self> {
        let wait = format_duration(Duration::from_secs(seconds));
        let text = format!("registered; waiting {wait} for the name to appear in DNS");
        let spinner = terminal::Progress::spinner(&text);
        if spinner.is_none() {
            terminal::eprint_line(&text);
        }
        spinner.map(Self::Bar)
    }

    /// `bytes` counts from the beginning of the file.
    pub(super) fn set_position(&mut self, bytes: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(bytes),
            Self::Lines { total, printed_quarters } => {
                // With an unknown length, one line is printed in all.
                let quarter = bytes.saturating_mul(4).checked_div(total.unwrap_or(0)).unwrap_or(4);
                if quarter > *printed_quarters {
                    *printed_quarters = quarter;
                    terminal::eprint_line(&format!("fetched {}", format_bytes(bytes)));
                }
            }
        }
    }

    /// Removes it from the screen.
    pub(super) fn clear(self) {
        if let Self::Bar(bar) = self {
            bar.clear();
        }
    }
}
