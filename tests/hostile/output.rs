//! What the output of a program must not contain.

/// The first character on which a terminal acts, or which changes the order in which a line is
/// read.
pub(crate) fn find_control_char(text: &str) -> Option<char> {
    text.chars().find(|c| {
        c.is_control()
            || matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}
