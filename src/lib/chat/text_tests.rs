//! What [`MessageText`] keeps, drops and refuses.

use proptest::prelude::*;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::text::{MessageText, TextError};
use crate::invisible::is_default_ignorable;

fn text(raw: &str) -> String {
    MessageText::parse(raw, 4096).unwrap().as_str().to_owned()
}

#[test]
fn ordinary_text_is_unchanged() {
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
fn control_and_format_characters_are_dropped() {
    for number in (0..0x20).chain(0x7f..0xa0) {
        let c = char::from_u32(number).unwrap();
        let expected = match c {
            '\n' | '\r' | '\u{85}' => "a\nb",
            '\t' => "a\tb",
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

/// Code that is pasted keeps its columns and its lines, whichever system it comes from.
#[test]
fn indentation_and_line_breaks_stay() {
    for raw in [
        "fn main() {\n\tlet x = 1;\n\n\t\tif x {  }\n}",
        "\tindented by a tab\n    by spaces \n \t by both\t\nend",
        "name\tvalue\nä\t1",
        "\u{a0}\u{3000}wide spaces  inside",
    ] {
        assert_eq!(text(raw), raw);
        assert_eq!(text(&raw.replace('\n', "\r\n")), raw, "from Windows");
        assert_eq!(text(&raw.replace('\n', "\r")), raw, "from an old Mac");
    }
    assert_eq!(text("a\r\r\n\nb\n\rc"), "a\n\n\nb\n\nc");
    assert_eq!(text("\r\n\r\n  a\t\r\n"), "  a");
}

#[test]
fn marks_beyond_four_are_dropped_even_between_joiners() {
    let zalgo = format!("a{}b", "\u{301}".repeat(50));
    assert_eq!(text(&zalgo), "a\u{301}\u{301}\u{301}\u{301}b");
    let joined = format!("a{}", "\u{301}\u{301}\u{301}\u{301}\u{200d}".repeat(9));
    assert_eq!(text(&joined), "a\u{301}\u{301}\u{301}\u{301}\u{200d}");
}

#[test]
fn the_bound_is_in_bytes_after_sanitizing() {
    assert_eq!(MessageText::parse("\u{7}ää", 4).unwrap().as_str(), "ää");
    let error = MessageText::parse("äää", 4).unwrap_err();
    assert_eq!(error, TextError::TooLong { bytes: 6, max_bytes: 4 });
    assert!(error.to_string().contains("6 of at most 4"));
    let megabyte = "x".repeat(1 << 20);
    assert!(matches!(MessageText::parse(&megabyte, 4096), Err(TextError::TooLong { .. })));
}

#[test]
fn a_message_has_at_most_30_lines() {
    assert_eq!(text(&("a\n".repeat(30) + "\n\n")).lines().count(), 30);
    let error = MessageText::parse(&"a\n".repeat(31), 4096).unwrap_err();
    assert_eq!(error, TextError::TooManyLines { lines: 31 });
}

#[test]
fn a_message_without_a_visible_character_is_empty() {
    for raw in ["", " \n\t", "\u{200b}", "\u{200d}", "\u{feff}\u{3164}", "\u{2800}", "\u{fe0f}"] {
        assert_eq!(MessageText::parse(raw, 4096), Err(TextError::Empty), "{raw:?}");
    }
}

/// [`MessageText::parse`] in the plainest form: one character and one rule at a time, without short
/// cuts.
fn reference(raw: &str, max_bytes: usize) -> Result<String, TextError> {
    let mut clean = String::new();
    let mut marks = 0;
    let joiner = |c| matches!(c, '\u{200c}' | '\u{200d}');
    let breaks = ['\r', '\u{85}', '\u{2028}', '\u{2029}'];
    for c in raw.replace("\r\n", "\n").replace(breaks, "\n").chars() {
        if joiner(c) {
            if !clean.ends_with(joiner) {
                clean.push(c);
            }
        } else if c.general_category_group() == GeneralCategoryGroup::Mark {
            marks += 1;
            if marks <= 4 {
                clean.push(c);
            }
        } else if !is_dropped(c) {
            marks = 0;
            clean.push(c);
        }
    }
    let text = clean.trim_start_matches('\n').trim_end();
    let lines = text.split('\n').count();
    if !text.chars().any(|c| !is_default_ignorable(c) && !c.is_whitespace() && c != '\u{2800}') {
        Err(TextError::Empty)
    } else if text.len() > max_bytes {
        Err(TextError::TooLong { bytes: text.len(), max_bytes })
    } else if lines > 30 {
        Err(TextError::TooManyLines { lines })
    } else {
        Ok(text.to_owned())
    }
}

fn is_dropped(c: char) -> bool {
    let category = c.general_category();
    let drawn = "\u{600}\u{601}\u{602}\u{603}\u{604}\u{605}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}";
    let formats = category == GeneralCategory::Format && !drawn.contains(c);
    let will_format = category == GeneralCategory::Unassigned && is_default_ignorable(c);
    c.is_control() && !matches!(c, '\t' | '\n') || formats || will_format
}

#[test]
fn every_character_is_treated_as_in_the_reference() {
    // Between and beyond these, nothing is assigned but for private use.
    for c in ('\0'..='\u{33fff}').chain('\u{e0000}'..='\u{e0fff}') {
        // Where it would count as a mark, it is the fifth.
        let raw = format!("a\u{301}\u{301}\u{301}\u{301}{c}\u{301}b");
        let text = MessageText::parse(&raw, 4096).map(|text| text.as_str().to_owned());
        assert_eq!(text, reference(&raw, 4096), "{c:?}");
    }
}

fn raw_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "a \n\r\t\u{301}\u{345}\u{200c}\u{200d}\u{200e}\u{2028}\u{fe0f}👩\u{1b}\u{3164}"
            .chars()
            .collect::<Vec<_>>(),
    );
    let ascii = prop::char::range(' ', '~');
    prop::collection::vec(prop_oneof![special, ascii, any::<char>()], 0..60)
        .prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn no_input_panics_and_parsing_is_idempotent(raw in raw_text()) {
        if let Ok(text) = MessageText::parse(&raw, 100) {
            prop_assert_eq!(MessageText::parse(text.as_str(), 100), Ok(text.clone()));
            prop_assert!(text.as_str().len() <= 100);
        }
    }

    #[test]
    fn messages_are_treated_as_in_the_reference(
        pieces in prop::collection::vec(prop_oneof![raw_text(), "[ -~\n]{0,40}"], 0..6),
        max_bytes in 0usize..200,
    ) {
        let raw = pieces.concat();
        let text = MessageText::parse(&raw, max_bytes).map(|text| text.as_str().to_owned());
        prop_assert_eq!(text, reference(&raw, max_bytes));
    }
}
