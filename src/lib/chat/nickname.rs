//! Nicknames: which are accepted.
//!
//! A name that passes is stored and shown unchanged. All participants read it, so the alphabet is small
//! and invisible characters are refused.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_security::{MixedScript as _, RestrictionLevel, RestrictionLevelDetection as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::name_characters::{check_characters, is_mark, is_word_sign};
use super::name_error::NameError;
use super::reserved::{is_reserved, may_be_reserved};
use super::skeleton::{Skeletons, skeletons, strip_separators};
use crate::identity::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES};

/// Longest input, checked before anything is normalised: 64 bytes are up to 192 when they are
/// decomposed, and people paste spaces around them.
const MAX_RAW_BYTES: usize = 256;

/// A checked name: 1 to 20 graphemes, at most 64 bytes, nothing invisible, letters of one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nickname {
    name: String,
    skeletons: Skeletons,
}

impl Nickname {
    /// Checks a name as typed. White space around it is dropped, runs of it become one space, letters
    /// are composed (NFC), and the quotation marks and hyphens that programs set in place of those of
    /// ASCII become those. Everything else is refused, not repaired.
    ///
    /// # Errors
    /// The first rule that the name breaks.
    pub(crate) fn parse(raw: &str) -> Result<Self, NameError> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(NameError::TooLong);
        }
        let name = collapse_spaces(raw.trim().nfc().map(straighten));
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

    /// The name with a number, such as `Ana 2`, to suggest when it is taken. A number that it has already is
    /// replaced: after a few reloads it would be `Ana 2 2 2`. It is shortened where the number would not
    /// fit; `None` where that leaves no valid name.
    pub(crate) fn variant(&self, n: u32) -> Option<Self> {
        let suffix = format!(" {n}");
        let without_number = self.name.trim_end_matches(|c: char| c.is_ascii_digit());
        let stem = without_number.strip_suffix(' ').unwrap_or(&self.name);
        let mut stem: Vec<&str> = stem.graphemes(true).collect();
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

/// Phones type an apostrophe as a single quotation mark, and word processors a hyphen that does not
/// break.
fn straighten(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    }
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

/// One script, or a mixture that is usual and not confusing, such as 田中Alice (UTS #39, "highly
/// restrictive").
fn has_single_script(name: &str) -> bool {
    // Spaces, ASCII's punctuation and emoji belong to every script, and the restriction level does not
    // know them.
    let is_of_script = |c: char| c.is_alphanumeric() || is_mark(c) || is_word_sign(c);
    let letters: String = name.chars().filter(|c| is_of_script(*c)).collect();
    name.is_single_script()
        || letters.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive)
}
