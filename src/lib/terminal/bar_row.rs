//! A progress bar in one row: as the status of a footer, or in a row of its own.

use std::io::Result;
use std::sync::{Mutex, PoisonError};

use indicatif::TermLike;

use super::print::write_stderr;
use super::screen_writer::Footer;
use super::size::Size;
use super::status_row::status_row;

/// Erases the row of the cursor and all below it (ECMA-48: CR, EL, ED). A narrower window has broken a
/// longer row into several, with the cursor in the first of them.
const ERASE_ROW: &str = "\r\u{1b}[K\u{1b}[J";

/// Where a progress bar is drawn.
#[derive(Debug)]
pub(super) enum BarOutput {
    /// In the row of the cursor, which it leaves in the first column: there it stays at the start of
    /// the text when the window becomes narrower.
    Stderr,
    /// As the status of a footer.
    Footer(Footer),
}

/// The row of one progress bar. indicatif moves the cursor by the width that the terminal had when it
/// drew last, and fills the row with spaces up to the last column; after a resize, pieces of the row
/// would stay. So this collects what it draws, and writes it as one row.
#[derive(Debug)]
pub(super) struct BarRow {
    output: BarOutput,
    text: Mutex<String>,
}

impl BarRow {
    /// An empty row, which is not drawn yet.
    pub(super) fn new(output: BarOutput) -> Self {
        Self { output, text: Mutex::default() }
    }

    fn change(&self, change: impl FnOnce(&mut String)) -> Result<()> {
        change(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }
}

impl TermLike for BarRow {
    fn width(&self) -> u16 {
        Size::of_stderr().columns
    }

    fn move_cursor_up(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.change(|row| row.push_str(text))
    }

    fn clear_line(&self) -> Result<()> {
        self.change(String::clear)
    }

    /// indicatif calls it at the end of each drawing.
    fn flush(&self) -> Result<()> {
        let mut row = String::new();
        self.change(|text| std::mem::swap(text, &mut row))?;
        let text = row.trim_end_matches(['\r', ' ']);
        let text = (!text.is_empty()).then_some(text);
        match &self.output {
            BarOutput::Stderr => {
                let row = text.map(|text| format!("{}\r", status_row(text, self.width())));
                // A bar that cannot be drawn changes nothing.
                let _ = write_stderr(&format!("{ERASE_ROW}{}", row.unwrap_or_default()));
            }
            BarOutput::Footer(footer) => footer.set_status(text.map(|text| text.to_owned().into())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Progress;

    /// indicatif fills its row with spaces up to the last column, and moves the cursor.
    #[test]
    fn each_drawing_is_one_row_of_text() {
        let footer = Footer::default();
        let bar = Progress::transfer_in(footer.clone(), "cloudflared", Some(40_000_000));
        for bytes in [0, 20_000_000, 40_000_000] {
            bar.set_position(bytes);
            bar.redraw();
            let text = footer.status().expect("it is drawn");
            assert!(text.starts_with("  cloudflared ") && !text.ends_with(' '), "{text:?}");
            assert!(!text.contains(['\u{1b}', '\r', '\n']), "{text:?}");
        }
        bar.clear();
        assert_eq!(footer.status(), None);
    }
}
