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

/// Whether a joiner after `previous` can change what is drawn: behind a virama (UAX #31, section
/// 2.3.1, rules A2 and B), a non-joiner behind a letter or a mark of Arabic script (rule A1), a joiner
/// behind an emoji (UTS #51, section 2.3). Elsewhere it is an invisible character and nothing else.
pub(crate) fn may_precede_joiner(previous: char, joiner: char) -> bool {
    let is_virama = canonical_combining_class(previous) == VIRAMA_CLASS;
    is_virama
        || match joiner {
            NON_JOINER => is_arabic(previous),
            JOINER => is_emoji(previous) || previous == EMOJI_PRESENTATION,
            _ => false,
        }
}

/// Whether a joiner before `next` can change what is drawn; the other half of [`may_precede_joiner`].
pub(crate) fn may_follow_joiner(next: char) -> bool {
    next.is_alphabetic() || is_emoji(next)
}

/// Letters and vowel signs of the Arabic script, and of those that join as it does.
fn is_arabic(c: char) -> bool {
    matches!(c,
        '\u{620}'..='\u{65f}' | '\u{670}'..='\u{6d3}' | '\u{6fa}'..='\u{6fc}'
        | '\u{710}'..='\u{74a}' | '\u{750}'..='\u{77f}' | '\u{7ca}'..='\u{7ea}'
        | '\u{8a0}'..='\u{8c9}' | '\u{1820}'..='\u{18aa}' | '\u{1e900}'..='\u{1e94b}')
}

fn is_emoji(c: char) -> bool {
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
    fn joiners_belong_behind_viramas_arabic_letters_and_emoji() {
        for (previous, joiner, expected) in [
            ('\u{94d}', JOINER, true),
            ('\u{94d}', NON_JOINER, true),
            ('\u{dca}', JOINER, true),
            ('ی', NON_JOINER, true),
            ('ی', JOINER, false),
            ('👩', JOINER, true),
            ('🏽', JOINER, true),
            ('\u{fe0f}', JOINER, true),
            ('👩', NON_JOINER, false),
            ('a', JOINER, false),
            ('a', NON_JOINER, false),
            (' ', JOINER, false),
        ] {
            assert_eq!(may_precede_joiner(previous, joiner), expected, "{previous:?} {joiner:?}");
        }
        assert!(may_follow_joiner('\u{dbb}') && may_follow_joiner('👩'));
        assert!(!may_follow_joiner(' ') && !may_follow_joiner('\u{200d}'));
    }
}
