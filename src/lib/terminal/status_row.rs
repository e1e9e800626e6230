//! The status: one row at the bottom of the screen, which changes.

use super::charset::Charset;
use super::columns::truncate;

/// Columns at the end of the row that stay free. Terminals of East Asia may draw some of our signs two
/// columns wide (UAX #11, "ambiguous").
pub(super) const FREE_COLUMNS: u16 = 3;

/// `text` as one row, cut to `columns`. Without wrapping (DECAWM), a text that is wider than the
/// terminal is cut there too.
pub(super) fn status_row(text: &str, columns: u16) -> String {
    let columns = usize::from(columns.saturating_sub(FREE_COLUMNS).max(1));
    let text = truncate(text, columns, Charset::current());
    format!("\u{1b}[?7l{text}\u{1b}[?7h")
}
