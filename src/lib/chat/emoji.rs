//! Emoji in names, and which of them a reader takes for the same.

/// The letter of a regional indicator; two of those are a flag (UTS #51).
fn regional_indicator(c: char) -> Option<char> {
    let index = u32::from(c).checked_sub(0x1f1e6).filter(|index| *index < 26)?;
    char::from_u32(u32::from('a') + index)
}

/// The letters of a symbol that is drawn as letters; NFKC leaves these as they are.
fn boxed_letters(c: char) -> Option<&'static str> {
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

/// Replaces what a reader does not tell apart: all flags by one, since territories share flags and
/// others differ by a shade; all skin tones by one; letters in boxes by letters.
pub(super) fn normalize_emoji(text: &str) -> String {
    replace_emoji(text, |_| '\u{1f3f3}')
}

/// As [`normalize_emoji`], with flags as the letters that some systems draw in their place.
pub(super) fn spell_flags(text: &str) -> String {
    replace_emoji(text, |letter| letter)
}

fn replace_emoji(text: &str, replace_flag: impl Fn(char) -> char) -> String {
    let mut replaced = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some(letter) = regional_indicator(c) {
            replaced.push(replace_flag(letter));
        } else if let Some(letters) = boxed_letters(c) {
            replaced.push_str(letters);
        } else if matches!(c, '\u{1f3fb}'..='\u{1f3ff}') {
            replaced.push('\u{1f3fb}');
        } else {
            replaced.push(c);
        }
    }
    replaced
}
