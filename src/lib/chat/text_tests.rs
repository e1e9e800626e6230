//! What [`MessageText`] keeps, drops and refuses.

use proptest::prelude::*;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::text::{MessageText, TextError};
use crate::invisible::is_default_ignorable;
use crate::marks::TEXT_BOUNDS;

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

/// V-10: they are refused, so that no text arrives as another one.
#[test]
fn characters_that_act_on_a_screen_are_refused() {
    let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
    let kept = ['\t', '\n', '\r', '\u{b}', '\u{c}', '\u{85}'];
    for c in controls.filter(|c| !kept.contains(c)).chain(
        "\u{202d}\u{202e}\u{e0001}\u{e0041}\u{e007f}\u{2065}\u{fff0}\u{e0080}\u{e0fff}".chars(),
    ) {
        let error = MessageText::parse(&format!("a{c}b"), 4096).unwrap_err();
        assert_eq!(error, TextError::ForbiddenCharacter(c));
        let sentence = error.to_string();
        assert!(sentence.contains(&format!("U+{:04X}", u32::from(c))), "{sentence}");
        assert!(sentence.contains(';') && !sentence.contains(c), "{sentence}");
    }
    assert!(MessageText::parse("\u{1b}]8;;http://x\u{7}y", 4096).is_err());
}

/// Scripts need them, or programs put them into text that people paste.
#[test]
fn invisible_characters_that_do_no_harm_are_kept() {
    for c in "\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{2060}\
              \u{2063}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}\u{feff}\u{fff9}\u{3164}\u{115f}\u{e0100}"
        .chars()
    {
        for raw in [format!("a{c}b"), format!("{c}{c}a{c}{c}b{c}{c}"), format!("a{c}\u{200d}{c}b")] {
            assert_eq!(text(&raw), raw, "{c:?}");
        }
    }
}

#[test]
fn tags_are_kept_behind_a_black_flag_only_and_at_most_seven() {
    let tags = |count| "\u{e0067}".repeat(count);
    for raw in [format!("🏴{}🏴{}x", tags(7), tags(7)), "🏴\u{e0067}\u{e007f}".to_owned()] {
        assert_eq!(text(&raw), raw);
    }
    for raw in [
        format!("🏴{}", tags(8)),
        format!("🏴x{}", tags(1)),
        format!("🏳{}", tags(1)),
        tags(1) + "x",
    ] {
        assert!(
            matches!(MessageText::parse(&raw, 4096), Err(TextError::ForbiddenCharacter(_))),
            "{raw:?}"
        );
    }
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
        for line_break in ["\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(text(&raw.replace('\n', line_break)), raw, "{line_break:?}");
        }
    }
    assert_eq!(text("a\r\r\n\nb\n\rc"), "a\n\n\nb\n\nc");
    assert_eq!(text("\r\n\r\n  a\t\r\n"), "  a");
}

/// As many as the bound are kept, and one more is refused: above, below, through, a vowel sign, and with
/// invisible characters between them.
#[test]
fn marks_on_one_letter_are_bounded_exactly_and_never_cut() {
    for mark in [
        "\u{301}",
        "\u{323}",
        "\u{338}",
        "\u{5b0}",
        "\u{e49}",
        "\u{301}\u{200d}",
        "\u{301}\u{200b}",
    ] {
        let most = format!("a{}b", mark.repeat(TEXT_BOUNDS.same_class));
        assert_eq!(text(&most), most);
        let more = format!("a{}b", mark.repeat(TEXT_BOUNDS.same_class + 1));
        assert_eq!(MessageText::parse(&more, 4096), Err(TextError::TooManyMarks), "{mark:?}");
    }
    let thai = |count| format!("ก{}", "\u{e47}".repeat(count));
    assert_eq!(text(&thai(TEXT_BOUNDS.total)), thai(TEXT_BOUNDS.total));
    let more = MessageText::parse(&thai(TEXT_BOUNDS.total + 1), 4096);
    assert_eq!(more, Err(TextError::TooManyMarks));
    // Each letter anew; and marks that stand beside their letter, without end.
    assert_eq!(text(&"a\u{301}\u{301}\u{301}\u{301}".repeat(50)).chars().count(), 250);
    assert_eq!(text(&"\u{1031}\u{102c}".repeat(50)).chars().count(), 100);
    let zalgo = format!("a{}b", "\u{301}".repeat(50));
    let sentence = MessageText::parse(&zalgo, 4096).unwrap_err().to_string();
    assert!(sentence.contains("marks") && sentence.contains(';'), "{sentence}");
}

#[test]
fn the_bound_is_in_bytes_of_what_is_sent() {
    assert_eq!(MessageText::parse("\r\nää \n", 4).unwrap().as_str(), "ää");
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
    let breaks = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let clean = raw.replace("\r\n", "\n").replace(breaks, "\n");
    let text = clean.trim_start_matches('\n').trim_end();
    let lines = text.split('\n').count();
    if !text.chars().any(|c| !is_default_ignorable(c) && !c.is_whitespace() && c != '\u{2800}') {
        return Err(TextError::Empty);
    } else if text.len() > max_bytes {
        return Err(TextError::TooLong { bytes: text.len(), max_bytes });
    } else if lines > 30 {
        return Err(TextError::TooManyLines { lines });
    }
    let mut classes: Vec<u8> = Vec::new();
    let mut behind_flag = None;
    for c in text.chars() {
        let class = canonical_combining_class(c);
        let category = c.general_category();
        behind_flag = match behind_flag {
            _ if c == '🏴' => Some(0),
            Some(tags) if is_tag(c) && tags < 7 => Some(tags + 1),
            _ => None,
        };
        if is_forbidden(c) && behind_flag.is_none() {
            return Err(TextError::ForbiddenCharacter(c));
        } else if c.general_category_group() == GeneralCategoryGroup::Mark {
            if category != GeneralCategory::SpacingMark || class != 0 {
                classes.push(class);
            }
            if class != 0 && classes.iter().filter(|known| **known == class).count() > 4
                || classes.len() > 10
            {
                return Err(TextError::TooManyMarks);
            }
        } else if category != GeneralCategory::Format || DRAWN.contains(c) {
            classes.clear();
        }
    }
    Ok(text.to_owned())
}

/// Format characters that are drawn.
const DRAWN: &str = "\u{600}\u{601}\u{602}\u{603}\u{604}\u{605}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}";

fn is_tag(c: char) -> bool {
    ('\u{e0020}'..='\u{e007f}').contains(&c)
}

fn is_forbidden(c: char) -> bool {
    let reserved = c.general_category() == GeneralCategory::Unassigned && is_default_ignorable(c);
    let acts = matches!(c, '\u{202d}' | '\u{202e}' | '\u{e0001}') || is_tag(c);
    c.is_control() && !matches!(c, '\t' | '\n') || acts || reserved
}

#[test]
fn every_character_is_treated_as_in_the_reference() {
    // Between and beyond these, nothing is assigned but for private use.
    for c in ('\0'..='\u{33fff}').chain('\u{e0000}'..='\u{e0fff}') {
        // Where it counts as a mark of their class, it is the fifth; otherwise the one behind it is.
        for marks in [3, 4] {
            let raw = format!("a{}{c}\u{301}b", "\u{301}".repeat(marks));
            let text = MessageText::parse(&raw, 4096).map(|text| text.as_str().to_owned());
            assert_eq!(text, reference(&raw, 4096), "{c:?}");
        }
    }
}

fn raw_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "a \n\r\t\u{301}\u{345}\u{323}\u{e47}\u{1031}\u{200c}\u{200d}\u{200e}\u{2028}\u{fe0f}👩\u{3164}🏴\u{e0067}"
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
