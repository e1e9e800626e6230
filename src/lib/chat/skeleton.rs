//! What a name looks like to a reader, as in UTS #39: two names clash if they have a skeleton in
//! common.
//!
//! A name has several skeletons, because letters change their looks with their case: a capital I looks
//! like an l, and is an i to a reader who ignores case; a long s looks like an f, and is an s. So the
//! name is written in each of the casings below, and the skeleton of each is taken.
//!
//! Treated as equal, although a careful eye could tell them apart: i, l and 1; o and 0; m and rn; w and
//! vv; d and cl; letters with marks and without; all flags; all skin tones. Spaces and punctuation are
//! ignored. Not detected: two emoji that are drawn alike, and words that only sound or mean the same.
//! The tag that is shown beside every name tells those apart.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::emoji;

/// Most skeletons of a name: of the casings as written, lower, upper and title, each also with
/// compatible letters (NFKC); and one with the letters that some systems draw in place of flags.
pub(super) const MAX_SKELETONS: usize = 9;

/// Most passes over one letter. Three reach the fixed point for every character of Unicode, as a test
/// shows.
const MAX_PASSES: usize = 8;

/// The skeletons of a name, as hashes of 64 bits: names are remembered after their bearers have left,
/// and a decomposed letter can be seven times as long. Names with different skeletons collide in less
/// than one of 2^57 pairs; the newcomer is then asked for another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skeletons([u64; MAX_SKELETONS]);

impl Skeletons {
    /// From skeletons without separators, at least one and at most [`MAX_SKELETONS`].
    pub(super) fn of(skeletons: &[String]) -> Self {
        let mut hashes = [0; MAX_SKELETONS];
        // Unused places repeat the first ones.
        for (place, skeleton) in hashes.iter_mut().zip(skeletons.iter().cycle()) {
            *place = hash(skeleton);
        }
        Self(hashes)
    }

    /// The hash of each skeleton; some may be equal.
    pub(super) fn hashes(&self) -> [u64; MAX_SKELETONS] {
        self.0
    }

    /// Whether the two have a skeleton in common.
    #[cfg(test)]
    pub(crate) fn clash_with(&self, other: &Self) -> bool {
        self.0.iter().any(|skeleton| other.0.contains(skeleton))
    }
}

/// The same for the same text in every process of one build; it is never stored.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The skeletons of `text`, each once: at least one, at most [`MAX_SKELETONS`].
pub(super) fn skeletons(text: &str) -> Vec<String> {
    if text.is_ascii() {
        let mut skeletons = vec![ascii_skeleton(text)];
        if text.contains('I') {
            push_unique(&mut skeletons, ascii_skeleton(&text.to_ascii_lowercase()));
        }
        return skeletons;
    }
    let compatible: String = text.nfkc().collect();
    let mut casings: Vec<String> = Vec::with_capacity(MAX_SKELETONS);
    for text in [text, &compatible] {
        for casing in [text.to_owned(), to_lower(text), to_upper(text), to_title(text)] {
            push_unique(&mut casings, emoji::normalize_emoji(&casing));
        }
    }
    push_unique(&mut casings, emoji::spell_flags(text));
    let mut skeletons = Vec::with_capacity(casings.len());
    for casing in &casings {
        push_unique(&mut skeletons, skeleton(casing));
    }
    skeletons
}

fn push_unique(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

/// [`skeleton`] for ASCII, which most names are.
fn ascii_skeleton(text: &str) -> String {
    let mut skeleton = String::with_capacity(2 * text.len());
    text.chars().for_each(|c| push_ascii(&mut skeleton, c));
    merge_confusables(&skeleton)
}

fn push_ascii(skeleton: &mut String, c: char) {
    match c {
        'm' | 'M' => skeleton.push_str("rn"),
        '0' => skeleton.push('o'),
        '1' | 'I' => skeleton.push('l'),
        other => skeleton.push(other.to_ascii_lowercase()),
    }
}

/// What is left of `text` without everything that a reader may overlook. Without marks no letter
/// depends on its neighbours, so each one is reduced by itself.
fn skeleton(text: &str) -> String {
    let mut skeleton = String::with_capacity(2 * text.len());
    for c in text.nfd().filter(|c| !is_overlaid(*c)) {
        if c.is_ascii() {
            push_ascii(&mut skeleton, c);
        } else {
            push_reduced(&mut skeleton, c);
        }
    }
    merge_confusables(&skeleton)
}

/// Adds the fixed point of a letter under the table of UTS #39, case folding and removal of marks.
fn push_reduced(skeleton: &mut String, c: char) {
    let mut form = strip_marks(&uts39_skeleton(c.encode_utf8(&mut [0; 4])));
    for _ in 0..MAX_PASSES {
        if form.is_ascii() {
            form.chars().for_each(|c| push_ascii(skeleton, c));
            return;
        }
        let next = strip_marks(&uts39_skeleton(&fold_case(&form)));
        if next == form {
            break;
        }
        form = next;
    }
    skeleton.push_str(&form);
}

fn uts39_skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// Up and down again is Unicode's case folding and more: letters that share a capital become equal,
/// such as ς and σ.
fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Removes marks from letters, and replaces compatible letters (NFKD).
fn strip_marks(text: &str) -> String {
    text.nfkd().filter(|c| !is_overlaid(*c)).collect()
}

/// Whether the character is drawn over or under the letter before it, without a width of its own.
fn is_overlaid(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark};

    // Four marks, spacing by category, that are drawn where accents are: two of Hangul, two of
    // Vietnamese.
    let is_drawn_aside = matches!(c, '\u{302e}' | '\u{302f}' | '\u{16ff0}' | '\u{16ff1}');
    let is_mark = matches!(c.general_category(), NonspacingMark | EnclosingMark);
    !c.is_ascii() && (is_drawn_aside || is_mark)
}

/// Sequences that look like one letter and that UTS #39 keeps apart. The l is replaced last: ci does
/// not look like d.
fn merge_confusables(skeleton: &str) -> String {
    skeleton.replace("cl", "d").replace("vv", "w").replace('l', "i")
}

fn to_lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn to_upper(text: &str) -> String {
    let mut upper = String::with_capacity(text.len());
    text.chars().for_each(|c| push_upper(&mut upper, c));
    upper
}

/// Adds the capital of `c`, but leaves an i: its capital looks like an l, so every ci would become a d.
/// A capital I is found in the casing as written.
fn push_upper(text: &mut String, c: char) {
    if std::iter::once(c).nfd().next() == Some('i') {
        text.push(c);
    } else {
        text.extend(c.to_uppercase());
    }
}

/// A capital at the beginning of each word.
fn to_title(text: &str) -> String {
    let mut title = String::with_capacity(text.len());
    let mut begins_word = true;
    for c in text.chars() {
        if begins_word {
            push_upper(&mut title, c);
        } else {
            title.extend(c.to_lowercase());
        }
        begins_word = !c.is_alphanumeric() && !is_overlaid(c);
    }
    title
}

/// Removes spaces and punctuation, unless there is nothing else.
pub(super) fn strip_separators(skeleton: &str) -> String {
    let stripped: String = skeleton.chars().filter(|c| is_significant(*c)).collect();
    if stripped.is_empty() { skeleton.to_owned() } else { stripped }
}

/// Letters, digits and emoji, without the letters that look like punctuation: modifier letters, and the
/// tatweel that only makes an Arabic word longer.
fn is_significant(c: char) -> bool {
    let looks_like_punctuation = matches!(c,
        '\u{2b9}'..='\u{2ff}' | '\u{374}' | '\u{559}' | '\u{640}' | '\u{7fa}'
        | '\u{a700}'..='\u{a721}' | '\u{a788}'..='\u{a78a}');
    let is_symbol = !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Symbol;
    c.is_alphanumeric() && !looks_like_punctuation || is_symbol
}
