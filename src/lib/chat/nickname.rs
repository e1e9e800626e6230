//! Nicknames: which are accepted.
//!
//! A name that passes is stored and shown unchanged. All participants read it, so the alphabet is small
//! and invisible characters are refused.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::{MixedScript as _, RestrictionLevel, RestrictionLevelDetection as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::emoji::is_emoji;
use super::reserved::{is_reserved, may_be_reserved};
use super::skeleton::{Skeletons, skeletons, strip_separators};
use crate::identity::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES};
use crate::invisible::is_default_ignorable;

/// Longest input, checked before anything is normalised: 64 bytes are up to 192 when they are
/// decomposed, and people paste spaces around them.
const MAX_RAW_BYTES: usize = 256;

/// Most combining marks on a letter. Vietnamese stacks two; more would be drawn into the lines above.
const MAX_MARKS: usize = 2;

/// Variation selector 16: requests the coloured form of the symbol before it. Phones send it after
/// every other emoji.
const EMOJI_PRESENTATION: char = '\u{fe0f}';

/// Letters that look like one letter and become another in lower case, in upper case or under NFKC:
/// ſred looks like fred and is sred. No language of today is written with them. A test derives this
/// list from the table of UTS #39.
pub(super) const AMBIGUOUS_LETTERS: [char; 27] = [
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

/// The iota below letters of ancient Greek. In upper case it is a letter of its own, so a name of two
/// letters would become one of four.
const YPOGEGRAMMENI: char = '\u{345}';

/// The blanks of the hieroglyphs: letters by category, and nothing is drawn for them. Not in
/// [`crate::invisible`], because they have skeletons, and within a message they stand between signs.
const BLANK_LETTERS: [char; 2] = ['\u{13441}', '\u{13442}'];

/// A checked name: 1 to 20 graphemes, at most 64 bytes, nothing invisible, letters of one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nickname {
    name: String,
    skeletons: Skeletons,
}

/// Why a name is refused, as a sentence for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// No letter, digit or emoji in it.
    #[error("a name needs at least one letter, digit or emoji; type one and try again")]
    Empty,
    /// More than [`MAX_NAME_GRAPHEMES`] or [`MAX_NAME_BYTES`].
    #[error(
        "that name is too long; shorten it to at most {MAX_NAME_GRAPHEMES} characters (fewer if \
         they are complex ones)"
    )]
    TooLong,
    /// A character outside the alphabet of names.
    #[error("a name cannot contain {}; use letters, digits, spaces and - _ . '", describe(*.0))]
    ForbiddenCharacter(char),
    /// A combining mark without a letter, or too many on one.
    #[error("that name has too many accents, or one without a letter; leave some out")]
    TooManyMarks,
    /// Letters of scripts that are easily confused.
    #[error("a name cannot mix letters of different alphabets; write it in one of them")]
    MixedScripts,
    /// It looks like a name of the room or of its operator.
    #[error("that name looks like one of the room's own; choose another")]
    Reserved,
}

impl Nickname {
    /// Checks a name as typed. White space around it is dropped, runs of it become one space, and
    /// letters are composed (NFC). Everything else is refused, not repaired.
    ///
    /// # Errors
    /// The first rule that the name breaks.
    pub(crate) fn parse(raw: &str) -> Result<Self, NameError> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(NameError::TooLong);
        }
        let name = collapse_spaces(raw.trim().nfc().map(straighten_quote));
        check_characters(&name)?;
        if name.len() > MAX_NAME_BYTES || name.graphemes(true).count() > MAX_NAME_GRAPHEMES {
            return Err(NameError::TooLong);
        }
        if !has_single_script(&name) {
            return Err(NameError::MixedScripts);
        }
        let skeletons = skeletons(&name);
        let skeletons: Vec<String> = skeletons.iter().map(|it| strip_separators(it)).collect();
        if may_be_reserved(&skeletons) && is_reserved(&name) {
            return Err(NameError::Reserved);
        }
        let skeletons = Skeletons::of(&skeletons);
        Ok(Self { name, skeletons })
    }

    /// The name as it is shown.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    /// What the name looks like; computed once, when it was parsed.
    pub(super) fn skeletons(&self) -> &Skeletons {
        &self.skeletons
    }

    /// Whether a reader may take one for the other. True for equal names.
    #[cfg(test)]
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        self.skeletons.clash_with(&other.skeletons)
    }

    /// The name with a number, such as `Ana 2`, to suggest when it is taken. It is shortened where the
    /// number would not fit; `None` where that leaves no valid name.
    pub(crate) fn variant(&self, n: u32) -> Option<Self> {
        let suffix = format!(" {n}");
        let mut stem: Vec<&str> = self.name.graphemes(true).collect();
        // The suffix is ASCII: as many graphemes as bytes.
        stem.truncate(MAX_NAME_GRAPHEMES.saturating_sub(suffix.len()));
        while stem.iter().map(|grapheme| grapheme.len()).sum::<usize>() + suffix.len()
            > MAX_NAME_BYTES
        {
            stem.pop();
        }
        let stem = stem.concat();
        if stem.trim().is_empty() {
            return None;
        }
        Self::parse(&(stem + &suffix)).ok()
    }
}

impl std::fmt::Display for Nickname {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// Phones type an apostrophe as a right single quotation mark.
fn straighten_quote(c: char) -> char {
    if c == '\u{2019}' { '\'' } else { c }
}

/// Every run of spaces, of any width, as one U+0020.
fn collapse_spaces(chars: impl Iterator<Item = char>) -> String {
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
    let (mut marks, mut base, mut previous) = (0, None, None);
    let mut is_readable = false;
    for c in name.chars() {
        if is_mark(c) {
            marks += 1;
            if marks > MAX_MARKS || !base.is_some_and(|base| can_carry(base, c)) {
                return Err(refused_mark(c));
            }
        } else {
            (marks, base) = (0, Some(c));
            let styles_emoji = c == EMOJI_PRESENTATION && previous.is_some_and(is_emoji);
            if !styles_emoji && !is_in_alphabet(c) {
                return Err(NameError::ForbiddenCharacter(c));
            }
        }
        if is_default_ignorable(c) && c != EMOJI_PRESENTATION {
            return Err(NameError::ForbiddenCharacter(c));
        }
        is_readable |= c.is_alphanumeric() || is_emoji(c);
        previous = Some(c);
    }
    if is_readable { Ok(()) } else { Err(NameError::Empty) }
}

/// A combining mark; the selector of emoji, a mark by category, is judged by itself.
fn is_mark(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Mark && c != EMOJI_PRESENTATION
}

/// Whether any language writes this mark on this letter: it is one of the accents U+0300 to U+036F, or
/// belongs to a script of the letter. Marks for phonetics, music and symbols belong to no script and
/// could go on all.
fn can_carry(base: char, mark: char) -> bool {
    let scripts = AugmentedScriptSet::for_char(mark);
    let is_known = matches!(mark, '\u{300}'..='\u{36f}') && mark != YPOGEGRAMMENI
        || !scripts.base.is_inherited() && !scripts.base.is_common();
    let mut shared = scripts;
    shared.intersect_with(AugmentedScriptSet::for_char(base));
    base.is_alphabetic() && is_known && !shared.is_empty()
}

fn refused_mark(c: char) -> NameError {
    if is_default_ignorable(c) { NameError::ForbiddenCharacter(c) } else { NameError::TooManyMarks }
}

/// Letters, decimal digits and emoji of all scripts. Of ASCII's punctuation only what names are written
/// with: a `#` would imitate the tag that is shown beside the name.
fn is_in_alphabet(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || " -_.'".contains(c);
    }
    let is_letter = c.general_category_group() == GeneralCategoryGroup::Letter
        && !BLANK_LETTERS.contains(&c)
        && !AMBIGUOUS_LETTERS.contains(&c)
        && std::iter::once(c).nfd().all(|part| part != YPOGEGRAMMENI);
    is_letter || c.general_category() == GeneralCategory::DecimalNumber || is_emoji(c)
}

/// One script, or a mixture that is usual and not confusing, such as 田中Alice (UTS #39, "highly
/// restrictive").
fn has_single_script(name: &str) -> bool {
    // Spaces, punctuation and emoji belong to every script, and the restriction level does not know
    // them.
    let letters: String = name.chars().filter(|c| c.is_alphanumeric() || is_mark(*c)).collect();
    name.is_single_script()
        || letters.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive)
}

/// The character so that the user recognises it: quoted, or by its number if it is invisible.
fn describe(c: char) -> String {
    let is_hidden = matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Mark
    );
    if is_hidden || is_default_ignorable(c) {
        format!("the invisible character U+{:04X}", u32::from(c))
    } else {
        format!("\"{c}\"")
    }
}
