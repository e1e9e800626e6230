//! The status: one row at the bottom of the screen, which changes.

use super::charset::Charset;
use super::columns::{columns, truncate};

/// Columns at the end of the row that stay free. Terminals of East Asia may draw some of our signs two
/// columns wide (UAX #11, "ambiguous").
pub(super) const FREE_COLUMNS: u16 = 3;

/// A status in several lengths, the longest first. The first one that has room in a window is drawn, so
/// that a narrow window shows less, and nothing that is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatusText(Vec<String>);

impl StatusText {
    /// The same status in these lengths, the longest first.
    pub(crate) fn new(lengths: impl IntoIterator<Item = String>) -> Self {
        Self(lengths.into_iter().collect())
    }

    /// The longest.
    #[cfg(test)]
    pub(super) fn longest(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// One row in a terminal with this width. The shortest is cut where not even that has room.
    pub(super) fn row(&self, width: u16) -> String {
        let charset = Charset::current();
        let has_room = |text: &&String| columns(&charset.encode(text)) <= text_columns(width);
        let text = self.0.iter().find(has_room).or(self.0.last());
        status_row(text.map_or("", String::as_str), width)
    }
}

impl From<String> for StatusText {
    fn from(text: String) -> Self {
        Self(vec![text])
    }
}

/// `text` as one row, cut for a terminal with this width. Without wrapping (DECAWM), a text that is wider
/// than the terminal is cut there too.
pub(super) fn status_row(text: &str, width: u16) -> String {
    let text = truncate(text, text_columns(width), Charset::current());
    format!("\u{1b}[?7l{text}\u{1b}[?7h")
}

fn text_columns(width: u16) -> usize {
    usize::from(width.saturating_sub(FREE_COLUMNS).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_that_has_room_is_drawn_and_the_shortest_is_cut() {
        let text = StatusText::new(["abcdefghij", "abcde", "abc"].map(str::to_owned));
        let row = |width| console::strip_ansi_codes(&text.row(width)).into_owned();
        assert_eq!((row(80), row(13)), ("abcdefghij".to_owned(), "abcdefghij".to_owned()));
        assert_eq!((row(12), row(7)), ("abcde".to_owned(), "abc".to_owned()));
        assert_eq!(columns(&row(5)), 2);
        assert_eq!(console::strip_ansi_codes(&StatusText::default().row(80)), "");
    }
}
