//! Progress of a download and of the settling time: drawn on a terminal, a few lines elsewhere.

use std::time::Duration;

use crate::terminal;
use crate::units::{format_bytes, format_duration};

/// The progress of one wait, in the form that stderr can show.
#[derive(Debug)]
pub(super) enum ProgressDisplay {
    /// On a terminal: a bar, or a spinner without a length.
    Bar(terminal::Progress),
    /// Elsewhere: one line for each quarter of `total` bytes, or one line in all.
    Lines { total: Option<u64>, printed_quarters: u64 },
}

impl ProgressDisplay {
    /// Starts the display of a download of `total` bytes; `None` if the length is unknown.
    pub(super) fn download(total: Option<u64>) -> Self {
        terminal::Progress::transfer("downloading", total)
            .map_or(Self::Lines { total, printed_quarters: 0 }, Self::Bar)
    }

    /// Shows the wait for DNS; without a terminal prints one line and returns `None`.
    pub(super) fn settling(seconds: u64) -> Option<Self> {
        let wait = format_duration(Duration::from_secs(seconds));
        let text = format!("registered; waiting {wait} for the name to appear in DNS");
        let spinner = terminal::Progress::spinner(&text);
        if spinner.is_none() {
            terminal::eprint_line(&text);
        }
        spinner.map(Self::Bar)
    }

    /// Shows that the file has `bytes` so far, including those of an earlier download.
    pub(super) fn set_position(&mut self, bytes: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(bytes),
            Self::Lines { total, printed_quarters } => {
                let quarter = bytes.saturating_mul(4).checked_div(total.unwrap_or(0)).unwrap_or(4);
                if quarter > *printed_quarters {
                    *printed_quarters = quarter;
                    terminal::eprint_line(&format!("downloaded {}", format_bytes(bytes)));
                }
            }
        }
    }

    /// Removes a bar from the screen; printed lines stay.
    pub(super) fn clear(self) {
        if let Self::Bar(bar) = self {
            bar.clear();
        }
    }
}
