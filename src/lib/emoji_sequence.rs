//! Emoji of several characters, of which some are invisible or marks elsewhere: keycaps of digits and the
//! flags of nations (UTS #51, emoji_keycap_sequence and emoji_tag_sequence).

use std::str::Chars;

use crate::marks::EMOJI_PRESENTATION;

/// Draws a key around the digit before it.
const KEYCAP: char = '\u{20e3}';

/// Ends the tags of a flag.
const CANCEL_TAG: char = '\u{e007f}';

/// The flags that fonts draw: England, Scotland and Wales, the only ones recommended for interchange
/// (emoji-sequences.txt, RGI_Emoji_Tag_Sequence). Of any other tags nothing is drawn.
const NATIONS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// How many characters the sequence at the start of `text` has; `None` if there is none.
///
/// The keycaps of `#` and `*` are left out: where a font lacks them, a `#` is drawn that imitates a tag.
pub(crate) fn sequence_len(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    match chars.next()? {
        c if c.is_ascii_digit() => {
            (chars.next() == Some(EMOJI_PRESENTATION) && chars.next() == Some(KEYCAP)).then_some(3)
        }
        '🏴' => {
            NATIONS.iter().find(|nation| is_flag(chars.clone(), nation)).map(|it| it.len() + 2)
        }
        _ => None,
    }
}

/// Whether `tags` begin with the letters of `nation` as tags, and their end.
fn is_flag(tags: Chars<'_>, nation: &str) -> bool {
    nation.chars().map(to_tag).chain([CANCEL_TAG]).eq(tags.take(nation.len() + 1))
}

/// Whether `c` is one of the invisible letters that tell flags apart.
pub(crate) fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

fn to_tag(letter: char) -> char {
    char::from_u32(0xe0000 + u32::from(letter)).expect("tags are assigned for all of ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_sequences_are_found() {
        let wales = "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
        for (text, len) in [("1\u{fe0f}\u{20e3}", 3), ("9\u{fe0f}\u{20e3}x", 3), (wales, 7)] {
            assert_eq!(sequence_len(text), Some(len), "{text}");
            let cut: String = text.chars().take(len - 1).collect();
            assert_eq!(sequence_len(&cut), None, "{cut:?}");
        }
        for text in
            ["", "1", "1\u{20e3}", "#\u{fe0f}\u{20e3}", "a\u{fe0f}\u{20e3}", "🏴", "🏴\u{e007f}"]
        {
            assert_eq!(sequence_len(text), None, "{text:?}");
        }
        assert_eq!(sequence_len("🏴\u{e0075}\u{e0073}\u{e007f}"), None, "no font draws it");
    }
}
