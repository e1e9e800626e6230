//! What a participant says: plain text, without anything that the reader's screen would obey.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::likeness::invisible;

/// One screen; a longer message would push everybody else's out of sight.
const LINES: usize = 30;
/// More than any script stacks on one letter; what goes beyond is drawn over the lines above.
const MARKS: usize = 4;

/// A message that was checked: not empty, within the room's bound, at most 30 lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(String);

/// Why a message is refused; its sender reads it, and keeps the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    /// Nothing that can be read is left.
    #[error("that message is empty; type something first")]
    Empty,
    /// More than the room allows.
    #[error("that message is too long ({bytes} of at most {most} bytes); send it in parts")]
    TooLong {
        /// Its length in bytes of UTF-8.
        bytes: usize,
        /// The room's bound.
        most: usize,
    },
    /// More lines than a screen has.
    #[error("that message has {lines} lines, at most {LINES} are shown; send it in parts")]
    TooManyLines {
        /// How many it has.
        lines: usize,
    },
}

impl Text {
    /// Cleans what was typed, then holds it to `max_bytes` of UTF-8.
    ///
    /// Dropped: controls except the line feed, bidirectional and other invisible formatting,
    /// empty lines around, spaces at the end, marks beyond four in a row. A tab becomes a space,
    /// the separators U+2028 and U+2029 a line feed. Joiners stay: emoji and several scripts are
    /// written with them.
    ///
    /// # Errors
    /// When nothing is left, or too much.
    pub(crate) fn parse(raw: &str, max_bytes: usize) -> Result<Self, TextError> {
        let clean = cleaned(raw);
        let text = clean.trim_start_matches('\n').trim_end();
        if !text.chars().any(visible) {
            return Err(TextError::Empty);
        }
        if text.len() > max_bytes {
            return Err(TextError::TooLong { bytes: text.len(), most: max_bytes });
        }
        // Counted by line feeds, as the reader's screen does.
        let lines = text.split('\n').count();
        if lines > LINES {
            return Err(TextError::TooManyLines { lines });
        }
        Ok(Self(text.to_owned()))
    }

    /// The message, as it is sent on.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn cleaned(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len());
    let mut marks = 0;
    for c in raw.chars() {
        let c = match c {
            '\t' => ' ',
            '\u{2028}' | '\u{2029}' => '\n',
            other => other,
        };
        // Joiners are formatting as well, and neither begin a letter nor end a run of marks.
        if joiner(c) {
            if !clean.ends_with(joiner) {
                clean.push(c);
            }
        } else if c.general_category_group() == GeneralCategoryGroup::Mark {
            marks += 1;
            if marks <= MARKS {
                clean.push(c);
            }
        } else if !obeyed(c) {
            marks = 0;
            clean.push(c);
        }
    }
    clean
}

/// Whether a screen would act on it, or hide it, instead of drawing it.
fn obeyed(c: char) -> bool {
    let category = c.general_category();
    let formats = category == GeneralCategory::Format && !drawn_format(c);
    // What Unicode keeps free for formatting still to come.
    let will_format = category == GeneralCategory::Unassigned && invisible(c);
    c.is_control() && c != '\n' || formats || will_format
}

/// Signs of Arabic, Syriac and Kaithi that enclose the number after them: formatting by category,
/// and yet drawn.
fn drawn_format(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{110bd}' | '\u{110cd}')
}

fn joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a reader sees it.
fn visible(c: char) -> bool {
    !invisible(c) && !c.is_whitespace() && c != '\u{2800}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(raw: &str) -> String {
        Text::parse(raw, 4096).unwrap().as_str().to_owned()
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for raw in [
            "hello",
            "a\nb",
            "  indented",
            "👨\u{200d}👩\u{200d}👧",
            "می\u{200c}خواهم",
            "1\u{fe0f}\u{20e3}",
            "<b>&amp;",
            "e\u{301}",
            "שלום",
            "\u{600}123",
            "🇪🇸 ❤\u{fe0f}\u{200d}🔥",
        ] {
            assert_eq!(text(raw), raw);
        }
    }

    /// V-10.
    #[test]
    fn what_a_screen_obeys_is_dropped() {
        for number in (0..0x20).chain(0x7f..0xa0) {
            let c = char::from_u32(number).unwrap();
            let expected = match c {
                '\n' => "a\nb",
                '\t' => "a b",
                _ => "ab",
            };
            assert_eq!(text(&format!("a{c}b")), expected, "{number:x}");
        }
        for c in "\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{e0041}".chars() {
            assert_eq!(text(&format!("a{c}b")), "ab", "{c:?}");
        }
        assert_eq!(text("a\r\nb\u{2028}c\u{2029}d"), "a\nb\nc\nd");
        assert_eq!(text("\u{1b}]8;;http://x\u{7}y"), "]8;;http://xy");
    }

    #[test]
    fn marks_beyond_four_are_dropped_even_between_joiners() {
        let zalgo = format!("a{}b", "\u{301}".repeat(50));
        assert_eq!(text(&zalgo), "a\u{301}\u{301}\u{301}\u{301}b");
        let joined = format!("a{}", "\u{301}\u{301}\u{301}\u{301}\u{200d}".repeat(9));
        assert_eq!(text(&joined), "a\u{301}\u{301}\u{301}\u{301}\u{200d}");
    }

    #[test]
    fn the_bound_is_in_bytes_after_cleaning() {
        assert_eq!(Text::parse("\u{7}ää", 4).unwrap().as_str(), "ää");
        let error = Text::parse("äää", 4).unwrap_err();
        assert_eq!(error, TextError::TooLong { bytes: 6, most: 4 });
        assert!(error.to_string().contains("6 of at most 4"));
        let megabyte = "x".repeat(1 << 20);
        assert!(matches!(Text::parse(&megabyte, 4096), Err(TextError::TooLong { .. })));
    }

    #[test]
    fn a_message_is_one_screen_of_lines() {
        assert_eq!(text(&("a\n".repeat(30) + "\n\n")).lines().count(), 30);
        let error = Text::parse(&"a\n".repeat(31), 4096).unwrap_err();
        assert_eq!(error, TextError::TooManyLines { lines: 31 });
    }

    #[test]
    fn nothing_to_read_is_no_message() {
        for raw in ["", " \n\t", "\u{200b}", "\u{200d}", "\u{feff}\u{3164}", "\u{2800}", "\u{fe0f}"]
        {
            assert_eq!(Text::parse(raw, 4096), Err(TextError::Empty), "{raw:?}");
        }
    }

    fn raw_text() -> impl Strategy<Value = String> {
        let troublesome = prop::sample::select(
            "a \n\r\t\u{301}\u{345}\u{200c}\u{200d}\u{200e}\u{2028}\u{fe0f}👩\u{1b}\u{3164}"
                .chars()
                .collect::<Vec<_>>(),
        );
        prop::collection::vec(prop_oneof![troublesome, any::<char>()], 0..60)
            .prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn no_input_panics_and_what_is_accepted_is_final(raw in raw_text()) {
            if let Ok(text) = Text::parse(&raw, 100) {
                prop_assert_eq!(Text::parse(text.as_str(), 100), Ok(text.clone()));
                prop_assert!(text.as_str().len() <= 100);
            }
        }
    }
}
