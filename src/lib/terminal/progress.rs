//! What moves on a terminal while something takes a while. Drawn only where lines can change.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::bar_row::{BarOutput, BarRow};
use super::screen_writer::Footer;
use super::size::{Size, has_control_sequences};
use crate::units::format_bytes;

/// Redraws a second, at most: as often as indicatif draws on stderr by itself.
const REDRAW_HZ: u8 = 20;

/// How often a spinner moves. It needs no more than this to be seen moving.
const SPINNER_TICK: Duration = Duration::from_millis(200);

/// A narrower terminal gets the bytes of a transfer, and no bar.
const BAR_WIDTH: u16 = 80;

/// A progress bar or a spinner. It stays on the screen until [`Progress::clear`] or its drop.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A transfer of `total` bytes, `None` when that is unknown. `None` where no line can change.
    pub(crate) fn transfer(message: &str, total: Option<u64>) -> Option<Self> {
        let row = BarRow::new(BarOutput::Stderr);
        has_control_sequences().then(|| Self::transfer_to(row, message, total))
    }

    /// As [`Progress::transfer`], as the status of `footer`.
    pub(super) fn transfer_in(footer: Footer, message: &str, total: Option<u64>) -> Self {
        Self::transfer_to(BarRow::new(BarOutput::Footer(footer)), message, total)
    }

    fn transfer_to(row: BarRow, message: &str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, target(row));
        bar.set_style(transfer_style(total.is_some(), Size::of_stderr().columns));
        bar.set_message(message.to_owned());
        Self(bar)
    }

    /// A wait of which the end is not known. `None` where no line can change.
    pub(crate) fn spinner(message: &str) -> Option<Self> {
        if !has_control_sequences() {
            return None;
        }
        // The last sign is that of the end.
        let style = style("{spinner} {msg}").tick_chars(r"|/-\ ");
        let bar = ProgressBar::with_draw_target(None, target(BarRow::new(BarOutput::Stderr)));
        bar.set_style(style);
        bar.set_message(message.to_owned());
        bar.enable_steady_tick(SPINNER_TICK);
        Some(Self(bar))
    }

    /// Draws the bar for `bytes` of the total.
    pub(crate) fn set_position(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Draws the bar for a new size of the terminal.
    pub(super) fn redraw(&self) {
        self.0.set_style(transfer_style(self.0.length().is_some(), Size::of_stderr().columns));
        self.0.force_draw();
    }

    /// Takes the bar off the screen.
    pub(crate) fn clear(self) {
        self.0.finish_and_clear();
    }
}

fn target(row: BarRow) -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(row), REDRAW_HZ)
}

fn transfer_style(has_total: bool, width: u16) -> ProgressStyle {
    let template = match (has_total, width >= BAR_WIDTH) {
        (true, true) => "  {msg} [{bar:20}] {position} of {total}, {eta} left",
        (true, false) => "  {msg} {position} of {total}",
        (false, _) => "  {msg} {position}",
    };
    let position = |state: &ProgressState, to: &mut dyn Write| {
        // An error means that the bar is not drawn this time.
        let _ = to.write_str(&format_bytes(state.pos()));
    };
    let total = |state: &ProgressState, to: &mut dyn Write| {
        let _ = to.write_str(&format_bytes(state.len().unwrap_or(0)));
    };
    style(template).with_key("position", position).with_key("total", total).progress_chars("=> ")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("every template in this file is well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_whole_in_40_columns() {
        let footer = Footer::default();
        let mib = 1 << 20;
        let bar = Progress::transfer_in(footer.clone(), "cloudflared", Some(999 * mib + 1));
        bar.0.set_style(transfer_style(true, 40));
        bar.set_position(998 * mib + 1);
        bar.0.tick();
        let drawn = footer.status().unwrap();
        assert_eq!(drawn, "  cloudflared 998.1 MiB of 999.1 MiB");
        assert!(drawn.len() <= 40 - 3);
    }

    #[test]
    fn a_transfer_is_shown_in_the_units_of_every_other_line() {
        for (total, text) in [(Some(40_000_000), "2 KiB of 38.2 MiB"), (None, "2 KiB")] {
            let footer = Footer::default();
            let bar = Progress::transfer_in(footer.clone(), "fetching", total);
            bar.set_position(2048);
            bar.0.tick();
            let drawn = footer.status().unwrap();
            assert!(drawn.contains("fetching") && drawn.contains(text), "{drawn}");
        }
    }
}
