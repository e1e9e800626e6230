//! Things that take a while: a bar on a terminal, a few plain lines elsewhere.

use std::time::Duration;

use crate::terminal;
use crate::units::{format_bytes, format_duration};

/// Something that takes a while.
#[derive(Debug)]
pub(super) enum Progress {
    /// On a terminal.
    Bar(terminal::Progress),
    /// Elsewhere: a line for each quarter of a download.
    Quarters {
        /// Bytes in all; `None` is unknown.
        total: Option<u64>,
        /// Quarters that were printed.
        printed: u64,
    },
}

impl Progress {
    /// A download of `total` bytes.
    pub(super) fn download(total: Option<u64>) -> Self {
        terminal::Progress::transfer("fetching", total)
            .map_or(Progress::Quarters { total, printed: 0 }, Progress::Bar)
    }

    /// The seconds between registration and announcement; `None` where one line says it.
    pub(super) fn settling(seconds: u64) -> Option<Self> {
        let wait = format_duration(Duration::from_secs(seconds));
        let text = format!("registered; the name needs {wait} to be known");
        let spinner = terminal::Progress::spinner(&text);
        if spinner.is_none() {
            terminal::eprint_line(&text);
        }
        spinner.map(Progress::Bar)
    }

    /// Shows that `bytes` of a download are here.
    pub(super) fn set_position(&mut self, bytes: u64) {
        match self {
            Progress::Bar(bar) => bar.set_position(bytes),
            Progress::Quarters { total, printed } => {
                // Of an unknown length, every quarter is the last.
                let quarter = bytes.saturating_mul(4).checked_div(total.unwrap_or(0)).unwrap_or(4);
                if quarter > *printed {
                    *printed = quarter;
                    terminal::eprint_line(&format!("fetched {}", format_bytes(bytes)));
                }
            }
        }
    }

    /// Removes it from the screen.
    pub(super) fn clear(self) {
        if let Progress::Bar(bar) = self {
            bar.clear();
        }
    }
}
