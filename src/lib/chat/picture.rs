//! Pictures in names: emoji, and what a reader may take for the same one.

use unicode_properties::{GeneralCategoryGroup, UnicodeEmoji as _, UnicodeGeneralCategory as _};

/// One of the letters that make a flag in pairs (UTS #51).
fn flag_letter(c: char) -> Option<char> {
    let index = u32::from(c).checked_sub(0x1f1e6).filter(|index| *index < 26)?;
    char::from_u32(u32::from('a') + index)
}

/// Letters in a coloured box, which no normal form knows as letters.
fn boxed(c: char) -> Option<&'static str> {
    Some(match c {
        '🅰' => "a",
        '🅱' => "b",
        '🅾' | '⭕' => "o",
        '🅿' => "p",
        '🆎' => "ab",
        '🆑' => "cl",
        '🆒' => "cool",
        '🆓' => "free",
        '🆔' => "id",
        '🆕' => "new",
        '🆖' => "ng",
        '🆗' => "ok",
        '🆘' => "sos",
        '🆙' => "up",
        '🆚' => "vs",
        '❌' | '❎' | '✖' => "x",
        _ => return None,
    })
}

/// Whether it is drawn as a picture, alone or after the letters of a name.
pub(super) fn is_picture(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char() && c.general_category_group() == GeneralCategoryGroup::Symbol
}

/// With one flag for all of them, since several territories fly the flag of another and some flags
/// differ by a shade; with one tone of skin; and with letters in boxes as letters.
pub(super) fn likened(text: &str) -> String {
    replaced(text, |_| '\u{1f3f3}')
}

/// The same, with the letters that some systems show in place of a flag.
pub(super) fn spelled(text: &str) -> String {
    replaced(text, |letter| letter)
}

fn replaced(text: &str, flag: impl Fn(char) -> char) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some(letter) = flag_letter(c) {
            seen.push(flag(letter));
        } else if let Some(letters) = boxed(c) {
            seen.push_str(letters);
        } else if matches!(c, '\u{1f3fb}'..='\u{1f3ff}') {
            seen.push('\u{1f3fb}');
        } else {
            seen.push(c);
        }
    }
    seen
}
