//! Names of participants: what is accepted, and which two look alike.
//!
//! What passes here is stored and shown as it is. Everybody reads these names, so the alphabet is
//! small and whatever cannot be seen is refused.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::{MixedScript as _, RestrictionLevel, RestrictionLevelDetection as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::likeness::{Likeness, bare, readings};
use super::picture::is_picture;
use super::reserved::{may_be_reserved, reserved};
use crate::identity::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES};
use crate::invisible::is_default_ignorable;

/// Looked at before anything is normalised: 64 bytes take up to three times as many when they are
/// decomposed, and somebody pastes spaces around them.
const RAW_BYTES: usize = 256;
/// Vietnamese stacks two on one letter; what stacks more writes into the lines above.
const MARKS: usize = 2;
/// Asks for the coloured form of the symbol before it; phones send it after every other emoji.
const EMOJI_STYLE: char = '\u{fe0f}';

/// Letters that are drawn like one letter and are another in lower case, in capitals or as their
/// compatible ones: ſred is drawn like fred and is sred. No language of today is written with them.
/// A test finds them in the table of UTS #39 and holds this list to what it found.
pub(super) const TWOFOLD: [char; 27] = [
    'ſ',
    'ʳ',
    'ˡ',
    'ˢ',
    'ˤ',
    'ϲ',
    'Ϲ',
    '\u{1c84}',
    'ᴾ',
    'ᶻ',
    'ẛ',
    '\u{a7f1}',
    'ꟲ',
    'ﬅ',
    '\u{fbb0}',
    '\u{fbb1}',
    '\u{fc4b}',
    '\u{fcd2}',
    '\u{fe85}',
    '\u{fe86}',
    '\u{fe89}',
    '\u{fe8a}',
    '\u{fe8b}',
    '\u{fe8c}',
    '\u{107bd}',
    '\u{1ee64}',
    '\u{1ee85}',
];
/// The iota below letters of ancient Greek: in capitals it is a letter of its own, so that a name of
/// two letters would be one of four.
const IOTA: char = '\u{345}';
/// Letters by category that show nothing: the blanks of the hieroglyphs.
const BLANK: [char; 2] = ['\u{13441}', '\u{13442}'];

/// A name that was checked: 1–20 graphemes, at most 64 bytes, nothing invisible, one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nickname {
    name: String,
    likeness: Likeness,
}

/// Why a name is refused; the visitor reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// Nothing that can be read is left.
    #[error("a name needs at least one letter, digit or emoji; type one and try again")]
    Empty,
    /// More than the bounds above.
    #[error(
        "that name is too long; shorten it to at most {MAX_NAME_GRAPHEMES} characters (fewer if they are \
         complex ones)"
    )]
    TooLong,
    /// A character that is outside the alphabet of names.
    #[error("a name cannot hold {}; use letters, digits, spaces and - _ . '", shown(*.0))]
    Character(char),
    /// Marks without a letter, or too many on one.
    #[error("that name stacks too many accents; leave some out")]
    Marks,
    /// Letters of scripts that are easily taken for each other.
    #[error("a name cannot mix letters of different alphabets; write it in one of them")]
    Mixed,
    /// It looks like the room itself.
    #[error("that name looks like one of the room's own; choose another")]
    Reserved,
}

impl Nickname {
    /// Checks what a visitor typed. White space around it is dropped, inside it becomes one space,
    /// and letters are composed (NFC); everything else is refused, never repaired.
    ///
    /// # Errors
    /// With the first rule that it breaks.
    pub(crate) fn parse(raw: &str) -> Result<Self, NameError> {
        if raw.len() > RAW_BYTES {
            return Err(NameError::TooLong);
        }
        let name = spaced(raw.trim().nfc().map(straight));
        check_characters(&name)?;
        if name.len() > MAX_NAME_BYTES || name.graphemes(true).count() > MAX_NAME_GRAPHEMES {
            return Err(NameError::TooLong);
        }
        if !one_script(&name) {
            return Err(NameError::Mixed);
        }
        let readings: Vec<String> = readings(&name).iter().map(|reading| bare(reading)).collect();
        if may_be_reserved(&readings) && reserved(&name) {
            return Err(NameError::Reserved);
        }
        let likeness = Likeness::of(&readings);
        Ok(Self { name, likeness })
    }

    /// The name, as it is shown.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    /// What it looks like.
    pub(super) fn likeness(&self) -> &Likeness {
        &self.likeness
    }

    /// Whether a reader may take one for the other. True for equal names.
    #[cfg(test)]
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        self.likeness.clashes(&other.likeness)
    }

    /// The name with a number, such as `Ana 2`, to be suggested when it is taken; shortened where
    /// the number would not fit. `None` where that leaves no valid name.
    pub(crate) fn variant(&self, n: u32) -> Option<Self> {
        let number = format!(" {n}");
        let mut kept: Vec<&str> = self.name.graphemes(true).collect();
        // The number is ASCII: as many graphemes as bytes.
        kept.truncate(MAX_NAME_GRAPHEMES.saturating_sub(number.len()));
        while kept.iter().map(|grapheme| grapheme.len()).sum::<usize>() + number.len()
            > MAX_NAME_BYTES
        {
            kept.pop();
        }
        let stem = kept.concat();
        if stem.trim().is_empty() {
            return None;
        }
        Self::parse(&(stem + &number)).ok()
    }
}

impl std::fmt::Display for Nickname {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// Phones write an apostrophe as a quotation mark.
fn straight(c: char) -> char {
    if c == '\u{2019}' { '\'' } else { c }
}

/// Every run of spaces, of whatever width, as one.
fn spaced(chars: impl Iterator<Item = char>) -> String {
    let mut name = String::new();
    for c in chars {
        if c.general_category() != GeneralCategory::SpaceSeparator {
            name.push(c);
        } else if !name.ends_with(' ') {
            name.push(' ');
        }
    }
    name
}

fn check_characters(name: &str) -> Result<(), NameError> {
    let (mut marks, mut readable, mut base) = (0, false, None);
    let mut before = None;
    for c in name.chars() {
        if c.general_category_group() == GeneralCategoryGroup::Mark && c != EMOJI_STYLE {
            marks += 1;
            if marks > MARKS || !base.is_some_and(|base| carries(base, c)) {
                return Err(refused_mark(c));
            }
        } else {
            (marks, base) = (0, Some(c));
            let styled = c == EMOJI_STYLE && before.is_some_and(is_picture);
            if !styled && !in_alphabet(c) {
                return Err(NameError::Character(c));
            }
        }
        if is_default_ignorable(c) && c != EMOJI_STYLE {
            return Err(NameError::Character(c));
        }
        readable |= c.is_alphanumeric() || is_picture(c);
        before = Some(c);
    }
    if readable { Ok(()) } else { Err(NameError::Empty) }
}

/// Whether this mark is written upon this letter in any language: it is one of the accents of
/// U+0300–036F, or belongs to a script of the letter. What is made for phonetics, music and symbols
/// belongs to none and could go upon all.
fn carries(base: char, mark: char) -> bool {
    let scripts = AugmentedScriptSet::for_char(mark);
    let known = matches!(mark, '\u{300}'..='\u{36f}') && mark != IOTA
        || !scripts.base.is_inherited() && !scripts.base.is_common();
    let mut shared = scripts;
    shared.intersect_with(AugmentedScriptSet::for_char(base));
    base.is_alphabetic() && known && !shared.is_empty()
}

/// An accent in the wrong place is one too many; a mark that nobody sees is named.
fn refused_mark(c: char) -> NameError {
    if is_default_ignorable(c) { NameError::Character(c) } else { NameError::Marks }
}

/// Letters, decimal digits and emoji of the world; of ASCII's signs only those that names have: a
/// `#` would imitate the tag that stands beside the name.
fn in_alphabet(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || " -_.'".contains(c);
    }
    let letter = c.general_category_group() == GeneralCategoryGroup::Letter
        && !BLANK.contains(&c)
        && !TWOFOLD.contains(&c)
        && std::iter::once(c).nfd().all(|part| part != IOTA);
    letter || c.general_category() == GeneralCategory::DecimalNumber || is_picture(c)
}

/// One script, or a mixture that is usual and not confusing, such as 田中Alice (UTS #39, "highly
/// restrictive").
fn one_script(name: &str) -> bool {
    // Spaces, signs and emoji belong to every script; the level knows only identifiers.
    let mark = |c: char| c.general_category_group() == GeneralCategoryGroup::Mark;
    let letters: String =
        name.chars().filter(|c| c.is_alphanumeric() || mark(*c) && *c != EMOJI_STYLE).collect();
    name.is_single_script()
        || letters.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive)
}

/// The character as the visitor can recognise it: itself, or its number if it cannot be seen.
fn shown(c: char) -> String {
    let hidden = matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Mark
    );
    if hidden || is_default_ignorable(c) {
        format!("the invisible character U+{:04X}", u32::from(c))
    } else {
        format!("\"{c}\"")
    }
}
