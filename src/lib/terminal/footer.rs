//! The footer: the rows below the last line, which are drawn anew while the lines above them stay. They
//! are an empty row, the pinned text and the status.
//!
//! The cursor is left at the start of the first of them. So one sequence erases them all, however the
//! terminal has broken or cut them for a new size since, and what the operator types is echoed in the
//! empty row. Enter moves the cursor down; the position that was saved is restored then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::background_writer::LineSender;
use super::columns::rows_of;
use super::prompt::is_in_background;
use super::size::Size;
use super::status_row::status_row;

/// Erases the row of the cursor and all below it (ECMA-48: CR, EL, ED). The second column, from which ED
/// starts, is never the first of the screen: there tmux would keep a copy of the footer in its history.
const ERASE: &str = "\r\u{1b}[K\u{1b}[C\u{1b}[J\r";

/// The same from the saved position: Enter may have moved the cursor down since.
const RESTORE_AND_ERASE: &str = "\u{1b}8\r\u{1b}[K\u{1b}[C\u{1b}[J\r";

/// Save and restore the position of the cursor (DECSC, DECRC).
const SAVE_CURSOR: &str = "\u{1b}7";
const RESTORE_CURSOR: &str = "\u{1b}8";

/// The footer of one terminal. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub(super) struct Footer(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Writes each drawing at once.
    writer: LineSender,
    text: FooterText,
    /// The size of the terminal when it was drawn; `None` if it is not on the screen.
    drawn_at: Option<Size>,
}

/// What the footer says, not cut for the terminal yet.
#[derive(Debug, Default)]
struct FooterText {
    /// Stays whole, or is left out where the terminal is too small. The terminal itself breaks it into
    /// rows, so that it is copied as one word.
    pinned: Option<String>,
    /// Cut to one row.
    status: Option<String>,
}

impl Footer {
    /// An empty footer, which is drawn through `writer`.
    pub(super) fn new(writer: LineSender) -> Self {
        let text = FooterText::default();
        Self(Arc::new(Mutex::new(State { writer, text, drawn_at: None })))
    }

    /// Prints `text` as lines above the footer.
    pub(super) fn print(&self, text: &str) {
        self.state().draw(&format!("{text}\n"));
    }

    /// Draws the footer for the present size of the terminal.
    pub(super) fn redraw(&self) {
        self.state().draw("");
    }

    /// Replaces the pinned text and the status, which are drawn the next time.
    pub(super) fn pin(&self, text: &str, status: &str) {
        self.state().text =
            FooterText { pinned: Some(text.to_owned()), status: Some(status.to_owned()) };
    }

    /// Removes the pinned text at the next drawing.
    pub(super) fn unpin(&self) {
        self.state().text.pinned = None;
    }

    /// Replaces the status, and draws the footer.
    pub(super) fn set_status(&self, status: Option<String>) {
        let mut state = self.state();
        state.text.status = status;
        state.draw("");
    }

    /// Whether the terminal is large enough for the pinned text, and shows a footer.
    pub(super) fn shows_pinned(&self, size: Size) -> bool {
        let state = self.state();
        state.text.pinned.as_deref().is_some_and(|text| pinned_fits(text, size))
            && !is_in_background()
    }

    /// The rows of the footer in a terminal of this size, once it has a status.
    pub(super) fn rows(&self, size: Size) -> usize {
        let state = self.state();
        let text = FooterText { pinned: state.text.pinned.clone(), status: Some(String::new()) };
        text.rows(size).iter().map(|row| rows_of(row, size.columns)).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Replaces the footer on the screen by `lines` and the present one below, in one write: others could
    /// come between two, and a terminal could show the half.
    fn draw(&mut self, lines: &str) {
        let size = Size::of_stderr();
        // The screen below the cursor belongs to the shell then, and what the operator types there.
        let (erase, footer) = if is_in_background() {
            ("", String::new())
        } else {
            (self.erase(size), self.text.draw(size))
        };
        self.drawn_at = (!footer.is_empty()).then_some(size);
        let drawn = format!("{erase}{lines}{footer}");
        if !drawn.is_empty() {
            self.writer.send(drawn);
        }
    }

    /// What erases the drawing on the screen.
    fn erase(&self, size: Size) -> &'static str {
        match self.drawn_at {
            None => "",
            Some(drawn_at) if drawn_at == size => RESTORE_AND_ERASE,
            // The saved position is a row of the screen, and the lines may stand on others since. The
            // cursor itself has moved with them.
            Some(_) => ERASE,
        }
    }
}

impl FooterText {
    /// The rows from top to bottom; the pinned text is one, which the terminal breaks.
    fn rows(&self, size: Size) -> Vec<String> {
        let pinned = self.pinned.as_deref().filter(|text| pinned_fits(text, size));
        let status = self.status.as_deref().map(|status| status_row(status, size.columns));
        let rows: Vec<String> = pinned.map(str::to_owned).into_iter().chain(status).collect();
        let needed: usize = rows.iter().map(|row| rows_of(row, size.columns)).sum();
        // The empty row, and one for the last line.
        let has_space = !rows.is_empty() && needed + 2 <= usize::from(size.rows);
        has_space.then(String::new).into_iter().chain(rows).collect()
    }

    /// What draws the footer at the cursor, which stands at the start of a row and returns there.
    fn draw(&self, size: Size) -> String {
        let rows = self.rows(size);
        let moves = rows.iter().map(|row| rows_of(row, size.columns)).sum::<usize>();
        let Some(moves) = moves.checked_sub(1) else { return String::new() };
        // The rows exist before the position is saved: nothing scrolls between save and restore.
        let make_rows = "\n".repeat(moves);
        let up = if moves == 0 { String::new() } else { format!("\u{1b}[{moves}A") };
        let text = rows.join("\n");
        format!("{make_rows}{up}{SAVE_CURSOR}{text}{RESTORE_CURSOR}")
    }
}

/// Whether the whole pinned text has room together with the status.
fn pinned_fits(text: &str, size: Size) -> bool {
    rows_of(text, size.columns) < usize::from(size.rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pinned: &str, status: &str) -> FooterText {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FooterText { pinned: given(pinned), status: given(status) }
    }

    fn plain(columns: u16, rows: u16, pinned: &str, status: &str) -> Vec<String> {
        let rows = text(pinned, status).rows(Size { columns, rows });
        rows.iter().map(|row| console::strip_ansi_codes(row).into_owned()).collect()
    }

    #[test]
    fn what_is_needed_less_goes_first_in_a_small_window() {
        let link = "x".repeat(83);
        assert_eq!(plain(80, 24, &link, "open"), ["", &link, "open"]);
        assert_eq!(plain(40, 10, &link, "open"), ["", &link, "open"]);
        assert_eq!(plain(40, 6, &link, "open"), ["", &link, "open"]);
        assert_eq!(plain(40, 5, &link, "open"), [&link, "open"]);
        assert_eq!(plain(40, 4, &link, "open"), [&link, "open"]);
        assert_eq!(plain(40, 3, &link, "open"), ["", "open"]);
        assert_eq!(plain(40, 1, &link, "open"), ["open"]);
        assert_eq!(plain(40, 10, "", ""), [""; 0]);
    }

    /// All rows of the footer exist before the cursor is saved, so that none of them scrolls it away.
    #[test]
    fn a_drawing_makes_its_rows_first_and_returns_to_the_first() {
        let drawn = text(&"x".repeat(83), "open").draw(Size { columns: 80, rows: 24 });
        assert!(drawn.starts_with("\n\n\n\u{1b}[3A\u{1b}7\nxxx"), "{drawn:?}");
        assert!(drawn.ends_with("\u{1b}8"), "{drawn:?}");
        assert_eq!(text("", "").draw(Size { columns: 80, rows: 24 }), "");
        assert_eq!(
            text("", "open").draw(Size { columns: 80, rows: 1 }),
            "\u{1b}7\u{1b}[?7lopen\u{1b}[?7h\u{1b}8"
        );
    }

    #[test]
    fn a_saved_position_is_not_used_after_a_resize() {
        let (sender, _written) = LineSender::with_receiver();
        let size = |rows| Size { columns: 80, rows };
        let drawn_at = Some(size(24));
        let state = State { writer: sender, text: FooterText::default(), drawn_at };
        assert_eq!((state.erase(size(24)), state.erase(size(23))), (RESTORE_AND_ERASE, ERASE));
    }

    #[test]
    fn each_drawing_erases_the_one_before_in_the_same_write() {
        let (sender, mut written) = LineSender::with_receiver();
        let footer = Footer::new(sender);
        footer.print("first");
        assert_eq!(written.try_recv().unwrap(), "first\n");
        footer.pin("link", "open");
        footer.redraw();
        assert!(!written.try_recv().unwrap().starts_with(RESTORE_AND_ERASE));
        footer.print("second");
        let drawn = written.try_recv().unwrap();
        assert!(
            drawn.starts_with(&format!("{RESTORE_AND_ERASE}second\n")) && drawn.contains("link")
        );
        footer.unpin();
        footer.set_status(None);
        assert_eq!(written.try_recv().unwrap(), RESTORE_AND_ERASE);
        footer.print("third");
        assert_eq!(written.try_recv().unwrap(), "third\n");
    }
}
