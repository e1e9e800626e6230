//! Text from outside, made safe to print on a terminal and as JSON. One rule says which characters are
//! escaped, and there are two ways to write the escape.

use std::fmt::Write as _;
use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use unicode_properties::{GeneralCategory, UnicodeEmoji as _, UnicodeGeneralCategory as _};

use crate::emoji_sequence::{is_tag, sequence_len};
use crate::invisible::is_invisible;
use crate::marks::{MarkStack, TEXT_BOUNDS, is_joiner, is_mark, is_presentation, may_join_after};

/// Longest line of another process that is shown or passed on. Those of chattrace have at most 300
/// bytes.
const MAX_SANITIZED_BYTES: usize = 512;

/// `text`, with every character escaped as `\u{1b}` that a terminal acts on, that changes the order of
/// what is read, or that cannot be seen.
///
/// By general category: controls (Cc: C0 with tab, CR and LF, DEL, C1), formatting characters with the
/// bidirectional controls and the tags (Cf, UAX #9), line and paragraph separators (Zl, Zp), every
/// space but U+0020 (Zs), private use (Co) and unassigned (Cn). Also the fillers and variation
/// selectors that are letters and marks by category, and each mark beyond [`TEXT_BOUNDS`] on one letter:
/// a larger stack covers the lines above. U+FE0E and U+FE0F are kept behind an emoji, a joiner where it
/// changes what is drawn, and whole sequences of emoji.
pub(crate) fn escape_control(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut escaper = Escaper::default();
    for (at, c) in text.char_indices() {
        if escaper.escapes(&text[at..]) {
            // Writing to a String does not fail.
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether [`escape_control`] does not change `text`.
pub(crate) fn is_printable(text: &str) -> bool {
    let mut escaper = Escaper::default();
    !text.char_indices().any(|(at, _)| escaper.escapes(&text[at..]))
}

/// `text` as one line: escaped, with single spaces between words, and cut with `…` to
/// [`MAX_SANITIZED_BYTES`]. A run of spaces could push the rest to where the terminal begins a new row.
pub(crate) fn sanitize_line(text: &str) -> String {
    let text = escape_control(text);
    let mut line = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.len() > MAX_SANITIZED_BYTES {
        line.truncate(truncate_to_bytes(&line, MAX_SANITIZED_BYTES - '…'.len_utf8()).len());
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

/// The longest prefix of `text` with at most `max_bytes` and no broken character.
pub(crate) fn truncate_to_bytes(text: &str, max_bytes: usize) -> &str {
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    &text[..(0..=max_bytes.min(text.len())).rev().find(is_boundary).unwrap_or(0)]
}

/// Whether [`sanitize_line`] does not change `text`, and it is not empty.
pub(crate) fn is_sanitized_line(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SANITIZED_BYTES
        && is_single_spaced(text)
        && is_printable(text)
}

/// Whether `text` has no spaces around it and no two in a row.
pub(crate) fn is_single_spaced(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
}

/// `value` as JSON on one line, with every character that [`escape_control`] would escape written as
/// `\uXXXX` (RFC 8259, section 7): a JSON parser returns the character, a terminal never gets it.
///
/// # Errors
/// When `value` holds what JSON cannot express, such as a path that is not UTF-8.
pub(crate) fn try_json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, EscapeFormatter))?;
    Ok(String::from_utf8(bytes).expect("serde_json writes UTF-8"))
}

/// As [`try_json_line`], for values of strings, numbers and lists of them.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    try_json_line(value).expect("strings, numbers and lists of them always serialise")
}

/// Writes the inside of JSON strings.
struct EscapeFormatter;

impl Formatter for EscapeFormatter {
    /// Called for the text between two characters that JSON itself escapes. No mark or U+FE0F can
    /// belong to one of those, so the state begins anew here, as it does after them in
    /// [`escape_control`].
    fn write_string_fragment<W: Write + ?Sized>(&mut self, to: &mut W, text: &str) -> Result<()> {
        let mut escaper = Escaper::default();
        let mut unescaped = 0;
        for (at, c) in text.char_indices() {
            // Joiners and tags are written as escapes wherever they stand: no reader of JSON draws them.
            if !escaper.escapes(&text[at..]) && !is_joiner(c) && !is_tag(c) {
                continue;
            }
            CompactFormatter.write_string_fragment(to, &text[unescaped..at])?;
            unescaped = at + c.len_utf8();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        CompactFormatter.write_string_fragment(to, &text[unescaped..])
    }
}

/// Decides for one character after the other. Some depend on those before.
#[derive(Default)]
struct Escaper {
    /// Of the last letter.
    marks: MarkStack,
    /// The character before, unless it was escaped.
    previous: Option<char>,
    /// How many characters are left of the emoji sequence that was reached.
    sequence_left: usize,
}

impl Escaper {
    /// Whether the first character of `rest` is escaped. Called for each character of a text in turn.
    fn escapes(&mut self, rest: &str) -> bool {
        let Some(c) = rest.chars().next() else { return false };
        if self.sequence_left == 0 {
            self.sequence_left = sequence_len(rest).unwrap_or(0);
        }
        let is_in_sequence = self.sequence_left > 0;
        self.sequence_left = self.sequence_left.saturating_sub(1);
        let escapes = !is_in_sequence && self.is_unsafe(c);
        self.previous = (!escapes).then_some(c);
        escapes
    }

    fn is_unsafe(&mut self, c: char) -> bool {
        if c.is_ascii() {
            self.marks.clear();
            return c.is_ascii_control();
        }
        // Selects a form of an emoji; phones send it behind many.
        if is_presentation(c) {
            return !self.previous.is_some_and(|c| !c.is_ascii() && c.is_emoji_char());
        }
        if is_joiner(c) {
            return !self.previous.is_some_and(|previous| may_join_after(previous, c));
        }
        let mut is_beyond_bounds = false;
        if is_mark(c) {
            is_beyond_bounds = !self.marks.push(c, TEXT_BOUNDS);
        } else {
            self.marks.clear();
        }
        let is_hidden = matches!(
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
        is_hidden || is_beyond_bounds || is_invisible(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// V-10.
    #[test]
    fn no_control_character_passes() {
        let others = [
            0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1680, 0x180e, 0x2003, 0x200b, 0x2028, 0x2029,
            0x202e, 0x2066, 0x2800, 0x3000, 0x3164, 0xe000, 0xfe00, 0xfe0f, 0xfeff, 0xfff9, 0xffff,
            0xe0041, 0xe0100, 0xf0000, 0x10_ffff,
        ];
        for number in (0..0x20).chain(0x7f..0xa0).chain(others) {
            let c = char::from_u32(number).unwrap();
            let text = format!("a{c}b");
            assert_eq!(escape_control(&text), format!("a\\u{{{number:x}}}b"));
            let json = json_line(&text);
            assert!(is_printable(&json) && json.contains('\\'), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn printable_text_is_not_changed() {
        for text in ["Ana", "José", "田中", "עברית", "👍", "❤\u{fe0f}", "Nguyễn", "a b", "ༀ་ཀྵྭ"]
        {
            assert_eq!(escape_control(text), text);
            assert_eq!(json_line(&text), format!("\"{text}\""));
        }
    }

    #[test]
    fn a_joiner_is_kept_where_it_changes_what_is_drawn() {
        for text in ["👩\u{200d}💻", "ශ\u{dca}\u{200d}රී", "علی\u{200c}رضا", "र\u{94d}\u{200c}ष"]
        {
            assert_eq!(escape_control(text), text);
            let json = json_line(&text);
            assert!(json.contains("\\u200") && !json.contains(['\u{200c}', '\u{200d}']), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
        for text in ["\u{200d}a", "a\u{200d}b", "a\u{200c}b", "👩\u{200c}💻"] {
            assert!(escape_control(text).contains("\\u{200"), "{text}");
        }
        let twice = escape_control("👩\u{200d}\u{200d}💻");
        assert_eq!(twice, "👩\u{200d}\\u{200d}💻");
    }

    #[test]
    fn stacked_marks_are_escaped() {
        let stacked = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(escape_control(&stacked).matches("\\u{301}").count(), 36);
    }

    proptest! {
        /// Both ways to escape agree on which characters they escape, and JSON loses none.
        #[test]
        fn json_is_printable_and_round_trips(text: String) {
            let json = json_line(&text);
            prop_assert!(is_printable(&json));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.as_str());
            prop_assert!(is_printable(&escape_control(&text)));
            // Quotes and backslashes are escaped by JSON alone.
            let plain = !text.contains(['"', '\\']);
            prop_assert_eq!(plain && !json.contains('\\'), plain && is_printable(&text));
        }

        #[test]
        fn a_sanitized_line_is_recognised_as_one(text in "[ a\u{7f}\u{202e}é]{0,900}") {
            let line = sanitize_line(&text);
            prop_assert!(line.is_empty() || is_sanitized_line(&line), "{}", line);
        }
    }
}
