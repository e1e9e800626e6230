//! What takes everything off a terminal: its screen and the lines that have scrolled off it.

/// Erases the screen, then the lines before it (ECMA-48: CUP, ED 2; xterm: ED 3). In this order: tmux
/// keeps what ED 2 erases among the lines that have scrolled off, and ED 3 erases those alone.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// GNU screen ignores ED 3. So many lines push out what it keeps, up to this many; its default is 100.
const SCROLLBACK_LINES: usize = 10_000;

/// What clears a terminal. `in_gnu_screen` says whether it is a window of GNU screen.
pub(super) fn clear_sequence(in_gnu_screen: bool) -> String {
    // A drawing may have been cut off before (DEC private modes 2026, 2004 and 7).
    let modes = "\u{1b}[?2026l\u{1b}[?2004l\u{1b}[?7h";
    let push_out = if in_gnu_screen {
        format!("\u{1b}[H\u{1b}[2J{}", "\n".repeat(SCROLLBACK_LINES))
    } else {
        String::new()
    };
    format!("{modes}{push_out}{CLEAR}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_is_erased_before_the_lines_that_have_scrolled_off() {
        assert!(clear_sequence(false).ends_with("\u{1b}[H\u{1b}[2J\u{1b}[3J"));
        assert!(!clear_sequence(false).contains('\n'));
        assert_eq!(clear_sequence(true).matches('\n').count(), SCROLLBACK_LINES);
    }
}
