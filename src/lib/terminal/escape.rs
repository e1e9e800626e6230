//! Text from outside, made safe for a terminal, a log and a program that prints JSON: shown, never
//! obeyed. There is one rule of what is escaped, and two ways to write the escape.

use std::fmt::Write as _;
use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji as _, UnicodeGeneralCategory as _,
};

use crate::invisible::is_invisible;

/// Marks on one letter. Vietnamese has two, Tibetan up to four; what stacks more is drawn over the
/// lines above.
const MARKS: usize = 4;

/// Longest sentence of another process that is shown or passed on, in bytes of UTF-8: ours have at
/// most 300.
pub(crate) const SENTENCE_BYTES: usize = 512;

/// `text` with everything that a terminal would act on, that would reorder what the eye reads, or
/// that cannot be seen, replaced by a visible escape such as `\u{1b}`.
///
/// That is, by general category: controls (Cc: C0 with tab, CR and LF, DEL, C1), formatting
/// characters with the bidirectional controls and the tags (Cf, UAX #9), line and paragraph
/// separators (Zl, Zp), every space but U+0020 (Zs), private use (Co) and unassigned (Cn); the
/// fillers and variation selectors that are letters and marks by category (U+FE0F stays behind an
/// emoji); and marks beyond four in a row.
pub(crate) fn escape_control(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut escaper = Escaper::default();
    for c in text.chars() {
        if escaper.escapes(c) {
            // Writing to a String does not fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Whether `text` is one that [`escape_control`] leaves as it is.
pub(crate) fn is_printable(text: &str) -> bool {
    let mut escaper = Escaper::default();
    !text.chars().any(|c| escaper.escapes(c))
}

/// `text` as one sentence: harmless, with single spaces between words, and cut with `…` so that it
/// has at most [`SENTENCE_BYTES`]. Spaces in a row could push the rest of it to where another line
/// begins.
pub(crate) fn sentence(text: &str) -> String {
    let text = escape_control(text);
    let mut sentence =
        text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if sentence.len() > SENTENCE_BYTES {
        sentence.truncate(start_of(&sentence, SENTENCE_BYTES - '…'.len_utf8()).len());
        sentence.truncate(sentence.trim_end().len());
        sentence.push('…');
    }
    sentence
}

/// The start of `text`, in at most `max_bytes` of whole characters.
pub(crate) fn start_of(text: &str, max_bytes: usize) -> &str {
    let boundary = |at: &usize| text.is_char_boundary(*at);
    &text[..(0..=max_bytes.min(text.len())).rev().find(boundary).unwrap_or(0)]
}

/// Whether `text` is a sentence as [`sentence`] makes them, and not an empty one.
pub(crate) fn is_sentence(text: &str) -> bool {
    !text.is_empty() && text.len() <= SENTENCE_BYTES && is_one_piece(text) && is_printable(text)
}

/// Whether `text` has neither spaces around it nor two in a row.
pub(crate) fn is_one_piece(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
}

/// `value` as JSON on one line, in which every character that [`escape_control`] would escape is written as
/// `\uXXXX` (RFC 8259, section 7): any reader gets the character, a terminal does not.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, EscapeFormatter))?;
    Ok(String::from_utf8(bytes).expect("JSON is text"))
}

/// Writes what stands between the quotes.
struct EscapeFormatter;

impl Formatter for EscapeFormatter {
    /// Called for what lies between two characters that JSON itself escapes, none of which can carry
    /// a mark: the rule for marks and for U+FE0F begins anew, as it does after them in [`escape_control`].
    fn write_string_fragment<W: Write + ?Sized>(&mut self, to: &mut W, text: &str) -> Result<()> {
        let mut escaper = Escaper::default();
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            if !escaper.escapes(c) {
                continue;
            }
            CompactFormatter.write_string_fragment(to, &text[plain..at])?;
            plain = at + c.len_utf8();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        CompactFormatter.write_string_fragment(to, &text[plain..])
    }
}

/// Looks at one character after the other.
#[derive(Default)]
struct Escaper {
    marks: usize,
    before: Option<char>,
}

impl Escaper {
    fn escapes(&mut self, c: char) -> bool {
        let escapes = self.acts(c);
        self.before = (!escapes).then_some(c);
        escapes
    }

    fn acts(&mut self, c: char) -> bool {
        if c.is_ascii() {
            self.marks = 0;
            return c.is_ascii_control();
        }
        // Asks for the coloured form of the emoji before it; phones send it after every other one.
        if c == '\u{fe0f}' {
            return !self.before.is_some_and(|c| !c.is_ascii() && c.is_emoji_char());
        }
        let is_mark = c.general_category_group() == GeneralCategoryGroup::Mark;
        self.marks = if is_mark { self.marks + 1 } else { 0 };
        let unseen = matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::SpaceSeparator
                | GeneralCategory::PrivateUse
                | GeneralCategory::Surrogate
                | GeneralCategory::Unassigned
        );
        unseen || self.marks > MARKS || is_invisible(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// V-10.
    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        let others = [
            0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1680, 0x180e, 0x2003, 0x200b, 0x2028, 0x2029,
            0x202e, 0x2066, 0x2800, 0x3000, 0x3164, 0xe000, 0xfe00, 0xfe0f, 0xfeff, 0xfff9, 0xffff,
            0xe0041, 0xe0100, 0xf0000, 0x10_ffff,
        ];
        for number in (0..0x20).chain(0x7f..0xa0).chain(others) {
            let c = char::from_u32(number).unwrap();
            let text = format!("a{c}b");
            assert_eq!(escape_control(&text), format!("a\\u{{{number:x}}}b"));
            let json = json(&text).unwrap();
            assert!(is_printable(&json) && json.contains('\\'), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["Ana", "José", "田中", "עברית", "👍", "❤\u{fe0f}", "Nguyễn", "a b", "ༀ་ཀྵྭ"]
        {
            assert_eq!(escape_control(text), text);
            assert_eq!(json(&text).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn marks_do_not_pile_up() {
        let piled = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(escape_control(&piled).matches("\\u{301}").count(), 36);
    }

    proptest! {
        /// The two ways to escape agree on what is escaped, and nothing of the text is lost.
        #[test]
        fn json_is_harmless_and_says_the_same(text: String) {
            let json = json(&text).unwrap();
            prop_assert!(is_printable(&json));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.as_str());
            prop_assert!(is_printable(&escape_control(&text)));
            // Quotes and backslashes are escaped by JSON alone.
            let plain = !text.contains(['"', '\\']);
            prop_assert_eq!(plain && !json.contains('\\'), plain && is_printable(&text));
        }

        #[test]
        fn a_sentence_is_one(text in "[ a\u{7f}\u{202e}é]{0,900}") {
            let sentence = sentence(&text);
            prop_assert!(sentence.is_empty() || is_sentence(&sentence), "{}", sentence);
        }
    }
}
