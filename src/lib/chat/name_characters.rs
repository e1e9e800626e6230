//! The characters of nicknames: which are accepted, and which may stand behind which.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::mixed_script::AugmentedScriptSet;

use super::name_error::NameError;
use crate::emoji_sequence::sequence_len;
use crate::invisible::is_default_ignorable;
use crate::marks::{self, MarkStack, NAME_BOUNDS, is_emoji, is_joiner, is_presentation, may_join};

/// Most accents (U+0300 to U+036F) on a letter, next to those that are a part of it in its composed
/// form. All scripts share them, and Vietnamese and Greek stack two.
const MAX_ACCENTS: usize = 2;

/// Signs within words that are no letters (UAX #31, table 3a), next to those of ASCII: the middle dot of
/// Catalan, the hyphens of Armenian and Hebrew, the geresh and gershayim, the sign between syllables of
/// Tibetan, the double hyphen and the middle dot between names in Japanese. Skeletons ignore them.
const WORD_SIGNS: [char; 8] =
    ['\u{b7}', '\u{58a}', '\u{5be}', '\u{5f3}', '\u{5f4}', '\u{f0b}', '\u{30a0}', '\u{30fb}'];

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

/// Checks every character of a name, and the marks and joiners between its letters.
///
/// # Errors
/// The first character that is not allowed, or a name of signs only.
pub(super) fn check_characters(name: &str) -> Result<(), NameError> {
    let (mut marks, mut base, mut previous) = (LetterMarks::default(), None, None);
    let mut is_readable = false;
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if let Some(len) = sequence_len(rest) {
            rest = &rest[rest.chars().take(len).map(char::len_utf8).sum()..];
            (marks, base, previous, is_readable) = (LetterMarks::default(), None, None, true);
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let is_allowed = if is_mark(c) {
            if !base.is_some_and(|base| can_carry(base, c)) || !marks.push(c) {
                return Err(refused_mark(c));
            }
            !is_default_ignorable(c)
        } else if is_joiner(c) {
            let next = rest.chars().next();
            previous.zip(next).is_some_and(|(previous, next)| may_join(previous, c, next))
        } else {
            (marks, base) = (LetterMarks::default(), Some(c));
            let styles_emoji = is_presentation(c) && previous.is_some_and(is_emoji);
            styles_emoji || is_in_alphabet(c) && !is_default_ignorable(c)
        };
        if !is_allowed {
            return Err(NameError::ForbiddenCharacter(c));
        }
        is_readable |= c.is_alphanumeric() || is_emoji(c);
        previous = Some(c);
    }
    if is_readable { Ok(()) } else { Err(NameError::Empty) }
}

/// The marks of one letter of a name.
#[derive(Default)]
struct LetterMarks {
    stack: MarkStack,
    accents: usize,
}

impl LetterMarks {
    /// Adds a mark; returns whether all are within the bounds.
    fn push(&mut self, mark: char) -> bool {
        self.accents += usize::from(is_accent(mark));
        self.accents <= MAX_ACCENTS && self.stack.push(mark, NAME_BOUNDS)
    }
}

/// A combining mark; the selectors of emoji, marks by category, are judged by themselves.
pub(super) fn is_mark(c: char) -> bool {
    marks::is_mark(c) && !is_presentation(c)
}

/// A sign within words, next to those of ASCII.
pub(super) fn is_word_sign(c: char) -> bool {
    WORD_SIGNS.contains(&c)
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Whether any language writes this mark on this letter: it is one of the accents U+0300 to U+036F, or
/// belongs to a script of the letter. Marks for phonetics, music and symbols belong to no script and
/// could go on all.
fn can_carry(base: char, mark: char) -> bool {
    let scripts = AugmentedScriptSet::for_char(mark);
    let is_known = is_accent(mark) && mark != YPOGEGRAMMENI
        || !scripts.base.is_inherited() && !scripts.base.is_common();
    let mut shared = scripts;
    shared.intersect_with(AugmentedScriptSet::for_char(base));
    base.is_alphabetic() && is_known && !shared.is_empty()
}

fn refused_mark(c: char) -> NameError {
    if is_default_ignorable(c) { NameError::ForbiddenCharacter(c) } else { NameError::TooManyMarks }
}

/// Letters, decimal digits, [`WORD_SIGNS`] and emoji of all scripts. Of ASCII's punctuation only what
/// names are written with: a `#` would imitate the tag that is shown beside the name.
fn is_in_alphabet(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || " -_.'".contains(c);
    }
    let is_letter = c.general_category_group() == GeneralCategoryGroup::Letter
        && !BLANK_LETTERS.contains(&c)
        && !AMBIGUOUS_LETTERS.contains(&c)
        && std::iter::once(c).nfd().all(|part| part != YPOGEGRAMMENI);
    is_letter
        || c.general_category() == GeneralCategory::DecimalNumber
        || is_word_sign(c)
        || is_emoji(c)
}
