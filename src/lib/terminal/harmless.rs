//! Text from the network, made safe for a terminal and a log: shown, never obeyed.

use std::fmt::Write as _;

/// `text` with everything that a terminal would act on, or that would reorder what the eye reads,
/// replaced by a visible escape such as `\u{1b}`.
///
/// That is: C0 with tab, CR and LF, DEL, C1, the line and paragraph separators, the bidirectional
/// controls (UAX #9) and the other invisible formatting characters.
pub(crate) fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            // Writing to a String does not fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-10.
    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        for number in (0..0x20).chain(0x7f..0xa0).chain([0x2028, 0x2029, 0x202e, 0x2066, 0xfeff]) {
            let c = char::from_u32(number).unwrap();
            assert_eq!(harmless(&format!("a{c}b")), format!("a\\u{{{number:x}}}b"));
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["Ana", "José", "田中", "עברית", "👍", "a b"] {
            assert_eq!(harmless(text), text);
        }
    }
}
