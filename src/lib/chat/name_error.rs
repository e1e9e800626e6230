//! Why a nickname is refused.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::identity::MAX_NAME_GRAPHEMES;
use crate::invisible::is_default_ignorable;

/// Why a name is refused, as a sentence for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// No letter, digit or emoji in it.
    #[error("a name needs at least one letter, digit or emoji; type one and try again")]
    Empty,
    /// More than [`MAX_NAME_GRAPHEMES`] or [`crate::identity::MAX_NAME_BYTES`].
    #[error(
        "that name is too long; shorten it to at most {MAX_NAME_GRAPHEMES} characters (fewer if \
         they are complex ones)"
    )]
    TooLong,
    /// A character outside the alphabet of names.
    #[error("a name cannot contain {}; use letters, digits, spaces and - _ . '", describe(*.0))]
    ForbiddenCharacter(char),
    /// A combining mark without a letter that can carry it, or too many on one.
    #[error("that name has too many accents, or one that its letter cannot carry; leave some out")]
    TooManyMarks,
    /// Letters of scripts that are easily confused.
    #[error("a name cannot mix letters of different alphabets; write it in one of them")]
    MixedScripts,
    /// It looks like a name of the room or of its operator.
    #[error("that name looks like one of the room's own; choose another")]
    Reserved,
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
