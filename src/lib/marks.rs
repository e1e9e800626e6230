//! Combining marks and joiners: how many marks may stack on one letter, and where a joiner belongs.
//!
//! What is drawn further and further above or below a letter covers other lines. So the bounds are on
//! marks that are drawn at the same place, which Unicode's canonical combining classes tell apart
//! (Unicode Standard, section 3.11). They are not on what a script writes: Burmese puts five marks on
//! a letter, and three of them have a width of their own.

use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji as _, UnicodeGeneralCategory as _,
};

/// Zero width joiner: joins emoji, and the letters of conjuncts in Sinhala and Malayalam.
pub(crate) const JOINER: char = '\u{200d}';
/// Zero width non-joiner: parts letters that would be joined, in Persian and in Indic scripts.
pub(crate) const NON_JOINER: char = '\u{200c}';
/// Variation selector 15: requests the plain form of the symbol before it.
const TEXT_PRESENTATION: char = '\u{fe0e}';
/// Variation selector 16: requests the coloured form of the symbol before it.
pub(crate) const EMOJI_PRESENTATION: char = '\u{fe0f}';

/// Combining class of viramas and other killers of a vowel.
const VIRAMA_CLASS: u8 = 9;

/// Most places in [`MarkStack`]; no bound exceeds it.
const CAPACITY: usize = 10;

/// How many marks one letter may have. Spacing marks are not counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarkBounds {
    /// Of one combining class other than 0, all drawn at the same place.
    pub(crate) same_class: usize,
    /// Of all classes. At most [`CAPACITY`].
    pub(crate) total: usize,
}

/// Within a text: dictionaries of Greek put three marks of one class on a letter (length, breathing,
/// accent), phonetic transcription as many. The largest stack known to be written has eight marks in all
/// (the Tibetan monogram of Kalachakra).
pub(crate) const TEXT_BOUNDS: MarkBounds = MarkBounds { same_class: 4, total: CAPACITY };

/// Within a name, which stands on one line with others: Vietnamese puts two of one class on a letter,
/// Burmese up to five in all.
pub(crate) const NAME_BOUNDS: MarkBounds = MarkBounds { same_class: 2, total: 6 };

/// The counted marks of one letter.
#[derive(Debug, Default)]
pub(crate) struct MarkStack {
    classes: [u8; CAPACITY],
    len: usize,
}

impl MarkStack {
    /// Begins a new letter.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds `mark` to the letter. Returns whether it is within the bounds; if not, it is not added.
    pub(crate) fn push(&mut self, mark: char, bounds: MarkBounds) -> bool {
        let class = canonical_combining_class(mark);
        // It is drawn beside the letter, and pushes what follows aside.
        if class == 0 && mark.general_category() == GeneralCategory::SpacingMark {
            return true;
        }
        let same = self.classes[..self.len].iter().filter(|known| **known == class).count();
        if self.len == bounds.total || class != 0 && same == bounds.same_class {
            return false;
        }
        self.classes[self.len] = class;
        self.len += 1;
        true
    }
}

/// A combining mark of any category. The selector of emoji is one.
pub(crate) fn is_mark(c: char) -> bool {
    // The accents of Latin, ahead of the search in the tables: macOS writes them apart.
    matches!(c, '\u{300}'..='\u{36f}')
        || !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Mark
}

/// Whether `c` joins or parts its neighbours.
pub(crate) fn is_joiner(c: char) -> bool {
    matches!(c, JOINER | NON_JOINER)
}

/// Whether `joiner` behind `previous` can change what is drawn: each behind a virama (UAX #31, section
/// 2.3.1, rules A2 and B), a non-joiner behind a letter of a script that joins its letters (rule A1), a
/// joiner behind an emoji (UTS #51, section 2.3). Elsewhere it is invisible and nothing else.
pub(crate) fn may_join_after(previous: char, joiner: char) -> bool {
    canonical_combining_class(previous) == VIRAMA_CLASS
        || joiner == NON_JOINER && is_cursive(previous)
        || joiner == JOINER && is_joined_emoji(previous)
}

/// Whether `joiner` can change what is drawn of `previous` and `next`.
pub(crate) fn may_join(previous: char, joiner: char, next: char) -> bool {
    let fits = if is_joined_emoji(previous) { is_emoji(next) } else { next.is_alphabetic() };
    may_join_after(previous, joiner) && fits
}

/// Letters and vowel signs of Arabic, Syriac, N'Ko, Mongolian and Adlam, which join their letters.
fn is_cursive(c: char) -> bool {
    matches!(c,
        '\u{620}'..='\u{65f}' | '\u{670}'..='\u{6d3}' | '\u{6fa}'..='\u{6fc}'
        | '\u{710}'..='\u{74a}' | '\u{750}'..='\u{77f}' | '\u{7ca}'..='\u{7ea}'
        | '\u{8a0}'..='\u{8c9}' | '\u{1820}'..='\u{18aa}' | '\u{1e900}'..='\u{1e94b}')
}

/// Whether `c` selects between the forms of the symbol before it.
pub(crate) fn is_presentation(c: char) -> bool {
    matches!(c, TEXT_PRESENTATION | EMOJI_PRESENTATION)
}

/// What can stand before the joiner within an emoji.
fn is_joined_emoji(c: char) -> bool {
    is_emoji(c) || c == EMOJI_PRESENTATION
}

/// Whether the character is drawn as an emoji, alone or among the letters of a name.
pub(crate) fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char() && c.general_category_group() == GeneralCategoryGroup::Symbol
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these marks fit on one letter.
    fn accepted(marks: &str, bounds: MarkBounds) -> usize {
        let mut stack = MarkStack::default();
        marks.chars().take_while(|mark| stack.push(*mark, bounds)).count()
    }

    #[test]
    fn marks_of_one_class_are_bounded_exactly() {
        // Above, below, through, a Hebrew point, an Arabic sign, a Thai tone, a virama, a nukta.
        for mark in "\u{301}\u{323}\u{338}\u{5bc}\u{651}\u{e49}\u{94d}\u{93c}".chars() {
            let marks = String::from(mark).repeat(20);
            for bounds in [TEXT_BOUNDS, NAME_BOUNDS] {
                assert_eq!(accepted(&marks, bounds), bounds.same_class, "{mark:?}");
            }
        }
    }

    #[test]
    fn all_marks_together_are_bounded_exactly() {
        // Two of each of eight classes; class 0 alone.
        let many = "\u{301}\u{323}\u{338}\u{5bc}\u{651}\u{e49}\u{94d}\u{93c}".repeat(2);
        for marks in [many, "\u{e47}".repeat(20)] {
            for bounds in [TEXT_BOUNDS, NAME_BOUNDS] {
                assert_eq!(accepted(&marks, bounds), bounds.total, "{marks:?}");
            }
        }
    }

    #[test]
    fn marks_with_a_width_are_not_counted_and_a_new_letter_begins_at_none() {
        assert_eq!(accepted(&"\u{1031}\u{102c}".repeat(50), NAME_BOUNDS), 100);
        let mut stack = MarkStack::default();
        for _ in 0..3 {
            assert!(stack.push('\u{301}', NAME_BOUNDS) && stack.push('\u{301}', NAME_BOUNDS));
            assert!(!stack.push('\u{301}', NAME_BOUNDS) && stack.push('\u{323}', NAME_BOUNDS));
            stack.clear();
        }
    }

    #[test]
    fn joiners_belong_behind_viramas_cursive_letters_and_emoji() {
        for (previous, joiner, next, expected) in [
            ('\u{94d}', JOINER, 'र', true),
            ('\u{94d}', NON_JOINER, 'र', true),
            ('\u{dca}', JOINER, 'ර', true),
            ('\u{dca}', JOINER, ' ', false),
            ('ی', NON_JOINER, 'ر', true),
            ('ی', NON_JOINER, ' ', false),
            ('ی', JOINER, 'ر', false),
            ('👩', JOINER, '💻', true),
            ('🏽', JOINER, '💻', true),
            (EMOJI_PRESENTATION, JOINER, '🔥', true),
            ('👩', JOINER, 'a', false),
            ('👩', NON_JOINER, '💻', false),
            ('a', JOINER, 'b', false),
            ('a', NON_JOINER, 'b', false),
            (' ', JOINER, '💻', false),
            (JOINER, JOINER, '💻', false),
        ] {
            assert_eq!(
                may_join(previous, joiner, next),
                expected,
                "{previous:?} {joiner:?} {next:?}"
            );
        }
    }
}
