//! The footer: the rows below the last line, which are drawn anew while the lines above them stay. They
//! are the prompt, the pinned text and the status.
//!
//! The cursor is left in the first of them. So one sequence erases them all, however the terminal has
//! broken or cut them for a new size since; rows above the cursor could only be counted, and terminals
//! differ in what a resize makes of them. Without a prompt the first row is empty, for what the operator
//! types in line mode. Enter moves the cursor down there; the position that was saved is restored then.

use super::charset::Charset;
use super::columns::rows_of;
use super::prompt::PromptText;
use super::size::Size;
use super::status_row::{FREE_COLUMNS, StatusText};

/// Erases the row of the cursor and all below it (ECMA-48: CR, EL, ED). The second column, from which ED
/// starts, is never the first of the screen: there tmux would keep a copy of the footer in its history.
const ERASE: &str = "\r\u{1b}[K\u{1b}[C\u{1b}[J\r";

/// The same from the saved position: Enter may have moved the cursor down since. DECRC may restore that
/// lines are not wrapped.
const RESTORE_AND_ERASE: &str = "\u{1b}8\u{1b}[?7h\r\u{1b}[K\u{1b}[C\u{1b}[J\r";

/// Save and restore the position of the cursor (DECSC, DECRC).
const SAVE_CURSOR: &str = "\u{1b}7";
const RESTORE_CURSOR: &str = "\u{1b}8";

/// Terminals that know it show all of a drawing at once (DEC private mode 2026).
const BEGIN_DRAWING: &str = "\u{1b}[?2026h";
const END_DRAWING: &str = "\u{1b}[?2026l";

/// Wrap lines at the last column, or cut them (DECAWM).
const WRAP: &str = "\u{1b}[?7h";
const CUT: &str = "\u{1b}[?7l";

/// The terminal marks what is pasted (xterm, "bracketed paste").
const MARK_PASTES: &str = "\u{1b}[?2004h";
pub(super) const MARK_NO_PASTES: &str = "\u{1b}[?2004l";

/// Before what is typed.
const PROMPT_SIGN: &str = "> ";

/// What the footer says, not cut for the terminal yet.
#[derive(Clone, Debug, Default)]
pub(super) struct FooterText {
    /// What the operator types; `None` in line mode.
    pub(super) prompt: Option<PromptText>,
    /// Stays whole, or is left out where the terminal is too small. The terminal itself breaks it into
    /// rows, so that it is copied as one word.
    pub(super) pinned: Option<String>,
    /// In one row.
    pub(super) status: Option<StatusText>,
}

/// What of the footer stands on the screen.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    footer: Option<DrawnFooter>,
    /// Whether the terminal was told to mark pastes.
    marks_pastes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DrawnFooter {
    /// That of the terminal when it was drawn.
    size: Size,
    /// Whether keys are echoed in its first row by the terminal, which moves the cursor.
    is_echoed: bool,
}

impl Drawn {
    /// What replaces the footer on the screen by `lines` and `text` below, to be written at once: others
    /// could come between two writes, and a terminal could show the half.
    pub(super) fn replace(&mut self, lines: &str, text: &FooterText, size: Size) -> String {
        let footer = text.draw(size);
        let erase = self.erase(size);
        self.footer =
            (!footer.is_empty()).then_some(DrawnFooter { size, is_echoed: text.prompt.is_none() });
        let pastes = match (self.marks_pastes, text.prompt.is_some()) {
            (false, true) => MARK_PASTES,
            (true, false) => MARK_NO_PASTES,
            (true, true) | (false, false) => "",
        };
        self.marks_pastes = text.prompt.is_some();
        if erase.is_empty() && footer.is_empty() {
            return format!("{pastes}{lines}");
        }
        format!("{BEGIN_DRAWING}{erase}{pastes}{lines}{footer}{END_DRAWING}")
    }

    /// Forgets what stands on the screen: another program has had it, and set it up for itself.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What erases the drawing on the screen.
    fn erase(&self, size: Size) -> &'static str {
        match self.footer {
            None => "",
            Some(drawn) if drawn.is_echoed && drawn.size == size => RESTORE_AND_ERASE,
            // The saved position is a row of the screen, and the lines may stand on others since. The
            // cursor itself has moved with them.
            Some(_) => ERASE,
        }
    }
}

impl FooterText {
    /// Whether a terminal of this size is large enough for the pinned text.
    pub(super) fn shows_pinned(&self, size: Size) -> bool {
        self.pinned.as_deref().is_some_and(|text| pinned_fits(text, size))
    }

    /// The rows of the footer in a terminal of this size, once it has a status.
    pub(super) fn row_count(&self, size: Size) -> usize {
        let text = Self { status: Some(StatusText::default()), ..self.clone() };
        text.rows(size).iter().map(|row| rows_of(row, size.columns)).sum()
    }

    /// The rows from top to bottom; the pinned text is one, which the terminal breaks. The first is empty
    /// where there is room for a prompt; there is none before the status, unless something is typed.
    fn rows(&self, size: Size) -> Vec<String> {
        let pinned = self.pinned.as_deref().filter(|text| pinned_fits(text, size));
        let pinned = pinned.map(|text| pinned_row(text, size.columns));
        let status = self.status.as_ref().map(|status| status.row(size.columns));
        let rows: Vec<String> = pinned.into_iter().chain(status).collect();
        let needed: usize = rows.iter().map(|row| rows_of(row, size.columns)).sum();
        // The first row, and one for the last line.
        let has_space = needed + 2 <= usize::from(size.rows);
        let is_typed = self.prompt.as_ref().is_some_and(|prompt| !prompt.line.is_empty());
        let is_shown = is_typed || !rows.is_empty();
        (has_space && is_shown).then(String::new).into_iter().chain(rows).collect()
    }

    /// What draws the footer at the cursor, which stands at the start of a row and is left in that row.
    fn draw(&self, size: Size) -> String {
        let mut rows = self.rows(size);
        let moves = rows.iter().map(|row| rows_of(row, size.columns)).sum::<usize>();
        let Some(moves) = moves.checked_sub(1) else { return String::new() };
        // The rows exist before the position is saved: nothing scrolls between save and restore.
        let make_rows = "\n".repeat(moves);
        let up = if moves == 0 { String::new() } else { format!("\u{1b}[{moves}A") };
        let has_prompt_row = rows[0].is_empty();
        match &self.prompt {
            Some(prompt) if has_prompt_row => rows[0] = draw_prompt(prompt, size),
            Some(_) | None => rows[0].insert_str(0, SAVE_CURSOR),
        }
        let text = rows.join("\n");
        format!("{make_rows}{up}{text}{RESTORE_CURSOR}{WRAP}")
    }
}

/// The row of the prompt. The position of the cursor is saved where the terminal itself has it: a width
/// that was counted may be wrong.
fn draw_prompt(prompt: &PromptText, size: Size) -> String {
    let free = usize::from(FREE_COLUMNS) + PROMPT_SIGN.len();
    let row = prompt.row(usize::from(size.columns).saturating_sub(free), Charset::current());
    format!("{CUT}{PROMPT_SIGN}{}{SAVE_CURSOR}{}{WRAP}", row.before, row.after)
}

/// Whether the whole pinned text has room together with the status.
fn pinned_fits(text: &str, size: Size) -> bool {
    rows_of(text, size.columns) < usize::from(size.rows)
}

/// The pinned text as it is drawn. If it needs one row, it is cut and not broken by a terminal that is
/// narrower than it was a moment ago: one row more would scroll, and the saved position be wrong. The next
/// drawing shows all of it.
fn pinned_row(text: &str, columns: u16) -> String {
    if rows_of(text, columns) == 1 { format!("{CUT}{text}{WRAP}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pinned: &str, status: &str) -> FooterText {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FooterText {
            prompt: None,
            pinned: given(pinned),
            status: given(status).map(StatusText::from),
        }
    }

    fn typed(line: &str, cursor: usize) -> FooterText {
        let prompt = PromptText { line: line.to_owned(), cursor };
        FooterText { prompt: Some(prompt), ..text("link", "open") }
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
        assert!(drawn.ends_with("\u{1b}8\u{1b}[?7h"), "{drawn:?}");
        assert_eq!(text("", "").draw(Size { columns: 80, rows: 24 }), "");
        assert_eq!(
            text("", "open").draw(Size { columns: 80, rows: 1 }),
            "\u{1b}7\u{1b}[?7lopen\u{1b}[?7h\u{1b}8\u{1b}[?7h"
        );
    }

    /// DECRC may restore that lines are cut, as it was where the position was saved.
    #[test]
    fn the_cursor_is_saved_in_the_prompt_and_lines_wrap_again_behind_it() {
        let size = Size { columns: 80, rows: 24 };
        let drawn = typed("kick Ana", 5).draw(size);
        let expected =
            "\n\n\u{1b}[2A\u{1b}[?7l> kick \u{1b}7Ana\u{1b}[?7h\n\u{1b}[?7llink\u{1b}[?7h\n";
        assert!(drawn.starts_with(expected), "{drawn:?}");
        assert!(drawn.ends_with("\u{1b}8\u{1b}[?7h"), "{drawn:?}");
    }

    /// Nothing moves the cursor out of a prompt but the terminal itself, which moves the rows with it.
    #[test]
    fn a_saved_position_is_used_in_line_mode_alone_and_not_after_a_resize() {
        let size = |rows| Size { columns: 80, rows };
        let mut drawn = Drawn::default();
        assert_eq!(drawn.erase(size(24)), "");
        drawn.replace("", &text("link", "open"), size(24));
        assert_eq!((drawn.erase(size(24)), drawn.erase(size(23))), (RESTORE_AND_ERASE, ERASE));
        drawn.replace("", &typed("", 0), size(24));
        assert_eq!((drawn.erase(size(24)), drawn.erase(size(23))), (ERASE, ERASE));
        drawn.forget();
        assert_eq!(drawn.erase(size(24)), "");
    }

    #[test]
    fn each_drawing_erases_the_one_before() {
        let size = Size { columns: 80, rows: 24 };
        let mut drawn = Drawn::default();
        assert_eq!(drawn.replace("first\n", &text("", ""), size), "first\n");
        let footer = text("link", "open");
        assert!(drawn.replace("", &footer, size).starts_with("\u{1b}[?2026h\n"));
        let second = drawn.replace("second\n", &footer, size);
        let expected = format!("{BEGIN_DRAWING}{RESTORE_AND_ERASE}second\n");
        assert!(second.starts_with(&expected) && second.contains("link"), "{second:?}");
        let last = drawn.replace("", &text("", ""), size);
        assert_eq!(last, format!("{BEGIN_DRAWING}{RESTORE_AND_ERASE}{END_DRAWING}"));
        assert_eq!(drawn.replace("third\n", &text("", ""), size), "third\n");
    }

    #[test]
    fn pastes_are_marked_while_there_is_a_prompt_and_no_longer() {
        let size = Size { columns: 80, rows: 24 };
        let mut drawn = Drawn::default();
        assert!(drawn.replace("", &typed("", 0), size).contains(MARK_PASTES));
        assert!(!drawn.replace("", &typed("a", 1), size).contains("2004"));
        assert!(drawn.replace("", &text("link", "open"), size).contains(MARK_NO_PASTES));
        assert!(!drawn.replace("", &text("link", "open"), size).contains("2004"));
    }
}
