//! What a name looks like to a reader: which two are taken for each other (UTS #39).
//!
//! One letter can be read in several ways: a capital I is drawn like an l, and is an i to a reader
//! who does not mind case; a long s is drawn like an f, and is an s. So a name is looked at in each
//! of the ways below, and two names clash where any reading of one is any reading of the other.
//!
//! Taken for the same, though a careful eye could tell them apart: i, l and 1; o and 0; m and rn; w
//! and vv; d and cl; letters with marks and without; all flags; all tones of skin. Spaces and the
//! signs that a name may hold count for nothing. Not found: two pictures that are drawn alike, and
//! words that only sound or mean the same. The tag beside every name tells those apart.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::picture;

/// Most readings of a name: as it is written, in lower case, in upper case and with a capital at the
/// beginning of each word, all four also with compatible letters (NFKC); and once with the letters
/// that some systems show in place of flags.
pub(super) const READINGS: usize = 9;

/// Passes after which a letter is looked at no further. Three are enough; a test shows for the
/// characters of Unicode that nothing is left to do then.
const PASSES: usize = 8;

/// What a name looks like in each way, as hashes of 64 bits: they are kept for names whose bearers
/// have left, and a letter taken apart can be seven times as long. Names that do not look alike meet
/// by chance in less than one of 2^57 pairs, and then the second is only offered a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Likeness([u64; READINGS]);

impl Likeness {
    /// Of a name that is read in these ways, without spaces and signs.
    pub(super) fn of(readings: &[String]) -> Self {
        let mut hashes = [0; READINGS];
        // The places that are left repeat the first.
        for (place, reading) in hashes.iter_mut().zip(readings.iter().cycle()) {
            *place = hash(reading);
        }
        Self(hashes)
    }

    /// The hash of each reading; some may be equal.
    pub(super) fn hashes(&self) -> [u64; READINGS] {
        self.0
    }

    /// Whether a reader may take one for the other.
    #[cfg(test)]
    pub(crate) fn clashes(&self, other: &Self) -> bool {
        self.0.iter().any(|reading| other.0.contains(reading))
    }
}

/// The same for the same text in every process of one build; it is never stored.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The normal form of `text` in each way to look at it: at least one, at most [`READINGS`], each
/// once.
pub(super) fn readings(text: &str) -> Vec<String> {
    if text.is_ascii() {
        let mut readings = vec![ascii(text)];
        if text.contains('I') {
            keep(&mut readings, ascii(&text.to_ascii_lowercase()));
        }
        return readings;
    }
    let compatible: String = text.nfkc().collect();
    let mut ways: Vec<String> = Vec::with_capacity(READINGS);
    for letters in [text, &compatible] {
        for way in [letters.to_owned(), lower(letters), upper(letters), title(letters)] {
            keep(&mut ways, picture::likened(&way));
        }
    }
    keep(&mut ways, picture::spelled(text));
    let mut readings = Vec::with_capacity(ways.len());
    for way in &ways {
        keep(&mut readings, normal(way));
    }
    readings
}

fn keep(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

/// What [`normal`] makes of ASCII. Most names are nothing else.
fn ascii(text: &str) -> String {
    let mut form = String::with_capacity(2 * text.len());
    text.chars().for_each(|c| push_ascii(&mut form, c));
    merged(&form)
}

fn push_ascii(form: &mut String, c: char) {
    match c {
        'm' | 'M' => form.push_str("rn"),
        '0' => form.push('o'),
        '1' | 'I' => form.push('l'),
        other => form.push(other.to_ascii_lowercase()),
    }
}

/// What is left of `text` when everything is taken from it that a reader may overlook. Without
/// marks no letter depends on its neighbours, so each is looked at alone.
fn normal(text: &str) -> String {
    let mut form = String::with_capacity(2 * text.len());
    for c in text.nfd().filter(|c| !laid_over(*c)) {
        if c.is_ascii() {
            push_ascii(&mut form, c);
        } else {
            push_normal(&mut form, c);
        }
    }
    merged(&form)
}

/// Adds the skeleton of a letter as it is written, then folded, taken apart and made a skeleton again
/// until nothing changes.
fn push_normal(text: &mut String, c: char) {
    let mut form = letters(&skeleton(c.encode_utf8(&mut [0; 4])));
    for _ in 0..PASSES {
        if form.is_ascii() {
            form.chars().for_each(|c| push_ascii(text, c));
            return;
        }
        let next = letters(&skeleton(&folded(&form)));
        if next == form {
            break;
        }
        form = next;
    }
    text.push_str(&form);
}

fn skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// Without case. Up and down again is Unicode's case folding and more: letters that share a capital
/// meet, such as ς and σ.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Without the marks upon letters, and with compatible letters in place of fancy ones.
fn letters(text: &str) -> String {
    text.nfkd().filter(|c| !laid_over(*c)).collect()
}

/// Whether it is drawn over or under the letter before it and takes no room of its own.
fn laid_over(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark};

    // Two marks of reading and two of tone, spacing by category, stand where accents stand.
    let aside = matches!(c, '\u{302e}' | '\u{302f}' | '\u{16ff0}' | '\u{16ff1}');
    !c.is_ascii() && (aside || matches!(c.general_category(), NonspacingMark | EnclosingMark))
}

/// What the table of UTS #39 leaves apart and the eye does not. The l goes last: ci is not taken for
/// d.
fn merged(form: &str) -> String {
    form.replace("cl", "d").replace("vv", "w").replace('l', "i")
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn upper(text: &str) -> String {
    let mut raised = String::with_capacity(text.len());
    text.chars().for_each(|c| raise(&mut raised, c));
    raised
}

/// Adds the capital of `c`. An i stays: its capital is drawn like an l, which would make every ci a
/// d, and one that was written as a capital is found as it is written.
fn raise(text: &mut String, c: char) {
    if std::iter::once(c).nfd().next() == Some('i') {
        text.push(c);
    } else {
        text.extend(c.to_uppercase());
    }
}

fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            raise(&mut titled, c);
        } else {
            titled.extend(c.to_lowercase());
        }
        begins = !c.is_alphanumeric() && !laid_over(c);
    }
    titled
}

/// Without spaces and signs, unless that is all there is.
pub(super) fn bare(reading: &str) -> String {
    let left: String = reading.chars().filter(|c| counts(*c)).collect();
    if left.is_empty() { reading.to_owned() } else { left }
}

/// Whether a letter, a digit or a picture. Of the letters, those that look like signs do not count:
/// raised commas and strokes, and the stroke that only makes an Arabic word longer.
fn counts(c: char) -> bool {
    let sign = matches!(c,
        '\u{2b9}'..='\u{2ff}' | '\u{374}' | '\u{559}' | '\u{640}' | '\u{7fa}'
        | '\u{a700}'..='\u{a721}' | '\u{a788}'..='\u{a78a}');
    let symbol = !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Symbol;
    c.is_alphanumeric() && !sign || symbol
}
