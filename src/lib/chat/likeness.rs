//! What a name looks like to a reader: which two are taken for each other (UTS #39).
//!
//! Known not to be caught: al1ce and alice, cl and d. The tag beside every name tells those apart.

use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization as _;

/// Names by which the room itself, or who runs it, could be meant.
const RESERVED: [&str; 7] =
    ["operator", "system", "server", "chattrace", "admin", "moderator", "host"];

/// A way to look at a name. What looks the same in two different ways is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// As it is written.
    Written,
    /// In lower case.
    Lowered,
}

/// How many ways there are.
pub(super) const WAYS: usize = 2;

/// What a name looks like. Smaller than the reader's eye is sharp, so that it can be kept for
/// names whose bearers have left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Likeness {
    /// As it is written. Lower-casing first would hide that a capital I is drawn like an l.
    written: Arc<str>,
    /// In lower case, so that ALICE is alice, whose I is no l.
    lowered: Arc<str>,
}

impl Likeness {
    /// Of a name that was checked.
    pub(super) fn of(name: &str) -> Self {
        let composed: String = name.nfkc().collect();
        Self { written: folded(&composed).into(), lowered: folded(&composed.to_lowercase()).into() }
    }

    /// What a reader may take for the same name, in each of the two ways to look at it.
    pub(super) fn ways(&self) -> [(Way, Arc<str>); WAYS] {
        [(Way::Written, Arc::clone(&self.written)), (Way::Lowered, Arc::clone(&self.lowered))]
    }

    /// Whether a reader may take one for the other.
    pub(crate) fn clashes(&self, other: &Self) -> bool {
        self.written == other.written || self.lowered == other.lowered
    }
}

/// The skeleton of UTS #39 without case and without accents: Jose is taken for José, and ádmin
/// for admin.
fn folded(text: &str) -> String {
    unicode_security::skeleton(text)
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        // Up and down again is close to Unicode's case folding: ß, ς and their like meet.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether it looks like a reserved word, with or without signs between the letters.
pub(super) fn reserved(name: &str) -> bool {
    let bare: String = name.nfkc().filter(|c| c.is_alphanumeric()).collect();
    let looks = [Likeness::of(name), Likeness::of(&bare)];
    let blurry = blurred(&bare);
    RESERVED_LOOKS
        .iter()
        .any(|(taken, word)| looks.iter().any(|look| look.clashes(taken)) || *word == blurry)
}

/// Looked at once: it is asked of every name that anybody types.
static RESERVED_LOOKS: LazyLock<[(Likeness, String); 7]> =
    LazyLock::new(|| RESERVED.map(|word| (Likeness::of(word), blurred(word))));

/// Looser than [`Likeness`], because nobody is really called adm1n: i, l and 1 are one letter.
fn blurred(text: &str) -> String {
    folded(&text.to_lowercase()).replace('i', "l")
}

/// Whether nothing is drawn for it: such characters have no skeleton. Fillers are letters by
/// category, and variation selectors marks, so the category alone does not tell. Listed, because a
/// message may consist of thousands of them.
pub(super) fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::invisible;
    use crate::chat::Nickname;

    fn name(raw: &str) -> Nickname {
        Nickname::parse(raw).unwrap_or_else(|error| panic!("{raw:?}: {error}"))
    }

    #[test]
    fn names_that_look_alike_clash() {
        for (a, b) in [
            ("Alice", "ALICE"),
            ("Alice", "ＡＬＩＣＥ"),
            ("rnike", "mike"),
            ("paypaI", "paypal"),
            ("PAYPAL", "paypal"),
            ("Jose", "José"),
            ("ѕсоре", "scope"),
            ("Straße", "STRASSE"),
            ("ΝΙΚΟΣ", "Νικος"),
            ("𝐁𝐨𝐛", "Bob"),
            ("❤", "❤\u{fe0f}"),
            ("👍", "👍"),
        ] {
            assert!(name(a).clashes_with(&name(b)), "{a} {b}");
            assert!(name(b).clashes_with(&name(a)), "{b} {a}");
        }
    }

    /// Known not to be caught, or different on purpose; the tag tells these apart.
    #[test]
    fn names_that_differ_do_not_clash() {
        for (a, b) in [
            ("Ana", "Bo"),
            ("al1ce", "alice"),
            ("cl", "d"),
            ("👍", "👎"),
            ("👍", "👍🏽"),
            ("Ana", "Ana 2"),
            ("Ана", "Оля"),
        ] {
            assert!(!name(a).clashes_with(&name(b)), "{a} {b}");
        }
    }

    #[test]
    fn what_has_no_skeleton_is_invisible() {
        // Between and beyond these, nothing is assigned but for private use.
        for c in ('\0'..='\u{33fff}').chain('\u{e0000}'..='\u{e1fff}') {
            let mut bytes = [0; 4];
            let drawn = unicode_security::skeleton(c.encode_utf8(&mut bytes)).next().is_some();
            assert_ne!(invisible(c), drawn, "{c:?}");
        }
    }
}
