//! Names that could be taken for the room itself or for its operator.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use super::emoji;
use super::skeleton::{skeletons, strip_separators};

/// Each is also reserved with an s at its end.
pub(super) const RESERVED_WORDS: [&str; 8] =
    ["operator", "system", "server", "chattrace", "admin", "administrator", "moderator", "host"];

static RESERVED_SKELETONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = RESERVED_WORDS.iter();
    words.flat_map(|word| [skeletons(word), skeletons(&format!("{word}s"))].concat()).collect()
});

/// Whether [`is_reserved`] could be true of a name with these skeletons: a cheap filter, as the full
/// check costs more than all other rules together. Passes names that have all letters of a reserved
/// word in order. A c and an l may be merged to a d, or be parted, by a digit or punctuation between
/// them, so a d counts as both.
pub(super) fn may_be_reserved(skeletons: &[String]) -> bool {
    skeletons.iter().any(|skeleton| {
        let unmerged = skeleton.replace('d', "cdi").replace('w', "vvw");
        RESERVED_SKELETONS.iter().any(|reserved| {
            let mut letters = unmerged.chars().map(digit_as_letter);
            reserved.chars().filter(|c| *c != 'd').all(|c| letters.any(|letter| letter == c))
        })
    })
}

/// Whether the name or one of its words looks like a reserved word: in any alphabet, with punctuation
/// between the letters, with digits around, among or in place of them (adm1n).
///
/// A reserved word inside a longer word does not count: Hostetler is a name.
pub(super) fn is_reserved(name: &str) -> bool {
    let text: String = emoji::spell_flags(name).nfkc().collect();
    let words = text.split(|c| !is_word_char(c)).filter(|word| !word.is_empty());
    let joined: String = text.chars().filter(|c| is_word_char(*c)).collect();
    words.chain([joined.as_str()]).any(looks_reserved)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c.general_category() == GeneralCategory::NonspacingMark
}

fn looks_reserved(word: &str) -> bool {
    // Digits at the ends may be decoration, or the first and last letters.
    let core = word.trim_matches(resembles_digit);
    if core.is_empty() {
        return false;
    }
    let core_start = word.len() - word.trim_start_matches(resembles_digit).len();
    let before = first_skeleton(&word[..core_start]);
    let after = first_skeleton(&word[core_start + core.len()..]);
    let without_digits: String = core.chars().filter(|c| !is_digit(*c)).collect();
    let cores = [skeletons(&digits_as_letters(core)), skeletons(&without_digits)].concat();
    cores.iter().map(|core| strip_separators(core)).any(|core| {
        RESERVED_SKELETONS.iter().any(|reserved| {
            reserved.match_indices(&core).any(|(at, _)| {
                before.ends_with(&reserved[..at]) && after.starts_with(&reserved[at + core.len()..])
            })
        })
    })
}

fn first_skeleton(digits: &str) -> String {
    skeletons(&digits_as_letters(digits)).swap_remove(0)
}

fn digits_as_letters(text: &str) -> String {
    text.chars().map(digit_as_letter).collect()
}

/// A digit as the letter that it is written for in words such as 4dm1n.
fn digit_as_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    }
}

fn is_digit(c: char) -> bool {
    c.general_category() == GeneralCategory::DecimalNumber
}

/// A digit, or a character that looks like 1 or 0: l, I, O and their confusables.
fn resembles_digit(c: char) -> bool {
    let mut bytes = [0; 4];
    is_digit(c)
        || matches!(c, 'l' | 'I' | 'O')
        || !c.is_ascii() && {
            let mut skeleton = unicode_security::skeleton(c.encode_utf8(&mut bytes));
            matches!(skeleton.next(), Some('l' | 'O')) && skeleton.next().is_none()
        }
}
