//! Things that take a while: a bar on a terminal, a few plain lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;
use crate::units::{format_bytes, format_duration};

/// Something that takes a while.
#[derive(Debug)]
pub(super) enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere: a line for each quarter of so many bytes; 0 is unknown.
    Quarters {
        /// Bytes in all.
        of: u64,
        /// Quarters that were told.
        told: u64,
    },
}

impl Progress {
    /// A download of so many bytes; 0 is unknown.
    pub(super) fn download(of: u64) -> Self {
        let style = style("{bar:30} {binary_bytes} of {binary_total_bytes}, {eta} left");
        let bar = ProgressBar::new(of).with_style(style);
        if bar.is_hidden() { Progress::Quarters { of, told: 0 } } else { Progress::Bar(bar) }
    }

    /// The seconds between registration and announcement.
    pub(super) fn settling(seconds: u64) -> Self {
        let bar = ProgressBar::new_spinner()
            .with_style(style("{spinner} registered; the name needs {msg} to be known"))
            .with_message(format_duration(Duration::from_secs(seconds)));
        if bar.is_hidden() {
            let wait = format_duration(Duration::from_secs(seconds));
            terminal::eprint_line(&format!("registered; the name needs {wait} to be known"));
        } else {
            // Five times a second: it moves, and costs nothing.
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Progress::Bar(bar)
    }

    /// So many bytes are here.
    pub(super) fn at(&mut self, bytes: u64) {
        match self {
            Progress::Bar(bar) => bar.set_position(bytes),
            Progress::Quarters { of, told } => {
                // Of an unknown length, every quarter is the last.
                let quarter = bytes.saturating_mul(4).checked_div(*of).unwrap_or(4);
                if quarter > *told {
                    *told = quarter;
                    terminal::eprint_line(&format!("fetched {}", format_bytes(bytes)));
                }
            }
        }
    }

    /// Over: nothing of it stays on the screen.
    pub(super) fn clear(self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well-formed")
}
