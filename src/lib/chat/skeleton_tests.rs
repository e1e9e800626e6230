//! Which names clash, and which do not.

use std::collections::BTreeMap;

use proptest::prelude::*;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::Nickname;
use super::name_characters::AMBIGUOUS_LETTERS;
use super::skeleton::{MAX_SKELETONS, skeletons};
use crate::identity::MAX_NAME_BYTES;

fn name(raw: &str) -> Nickname {
    Nickname::parse(raw).unwrap_or_else(|error| panic!("{raw:?}: {error}"))
}

#[test]
fn names_that_look_alike_clash() {
    for (a, b) in [
        ("Alice", "ALICE"),
        ("Alice", "ＡＬＩＣＥ"),
        ("Alice", "al1ce"),
        ("rnike", "mike"),
        ("cIara", "dara"),
        ("savva", "Sawa"),
        ("paypaI", "paypal"),
        ("PAYPAL", "paypal"),
        ("Bob", "B0b"),
        ("NIKO", "ΝΙΚΟ"),
        ("Jose", "José"),
        ("ѕсоре", "scope"),
        ("Straße", "STRASSE"),
        ("STRASSE", "STRAẞE"),
        ("ΝΙΚΟΣ", "Νικος"),
        ("νικοσ", "Νικος"),
        ("\u{212a}im", "kim"),
        ("ışık", "ISIK"),
        ("İpek", "ipek"),
        ("𝐁𝐨𝐛", "Bob"),
        ("Maria", "Maria."),
        ("Maria", "M-a_r'i a"),
        ("Maria", "_Maria_"),
        ("Maria", "Maria\u{2bc}"),
        ("محمد", "محـمد"),
        ("❤", "❤\u{fe0f}"),
        ("👍", "👍"),
        ("👍🏽", "👍🏾"),
        ("🇺🇸", "🇺🇲"),
        ("Ana 🇳🇴", "Ana 🇧🇻"),
        ("Bobo", "🇧🇴🇧🇴"),
        ("🅱🅾🅱", "Bob"),
    ] {
        assert!(name(a).clashes_with(&name(b)), "{a} {b}");
        assert!(name(b).clashes_with(&name(a)), "{b} {a}");
    }
}

#[test]
fn names_that_differ_do_not_clash() {
    for (a, b) in [
        ("Ana", "Bo"),
        ("Ana", "Ana 2"),
        ("Ana 2", "Ana 3"),
        ("Hanna", "Nanna"),
        ("Rui", "Yui"),
        ("Sam", "Fam"),
        ("Cindy", "Dndy"),
        ("Alícia", "Aida"),
        ("👍", "👎"),
        ("👍", "👍🏽"),
        ("Ana", "Ana 🌸"),
        ("Ана", "Оля"),
        ("マリ", "マリー"),
        ("-1-", "2"),
    ] {
        assert!(!name(a).clashes_with(&name(b)), "{a} {b}");
    }
}

/// Marks of all blocks.
#[test]
fn a_name_with_a_mark_clashes_with_the_name_without() {
    for base in ["Maria", "Мария", "Μαρια", "マリ", "מריה", "مريم"] {
        let plain = name(base);
        let mut accepted = 0;
        for mark in ('\u{80}'..='\u{1ffff}').chain('\u{e0000}'..='\u{e01ef}') {
            if mark.general_category_group() != GeneralCategoryGroup::Mark || mark == '\u{fe0f}' {
                continue;
            }
            for raw in [format!("{base}{mark}"), format!("{base}{mark}{mark}")] {
                if let Ok(marked) = Nickname::parse(&raw) {
                    accepted += 1;
                    assert!(marked.clashes_with(&plain), "{base} with U+{:04X}", u32::from(mark));
                }
            }
        }
        assert!(accepted > 0, "{base}");
    }
}

/// A word, and the same word in confusable letters of other scripts. All of them are of one case: a
/// reader does not take a word that changes its case within for another.
fn foreign_words() -> impl Strategy<Value = (String, String)> {
    let mut letters: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for c in ('\u{80}'..='\u{ffff}').filter(|c| c.is_alphabetic() && !AMBIGUOUS_LETTERS.contains(c))
    {
        let mut prototype =
            unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect::<String>();
        if prototype.len() == 1 && Nickname::parse(&c.to_string()).is_ok() {
            letters.entry(prototype.remove(0)).or_default().push(c);
        }
    }
    let pairs: Vec<(char, char)> =
        letters.into_iter().flat_map(|(p, list)| list.into_iter().map(move |c| (p, c))).collect();
    prop::collection::vec(prop::sample::select(pairs), 1..4)
        .prop_filter("of one case", |pairs| {
            let upper = |(_, c): &&(char, char)| c.is_uppercase();
            let count = pairs.iter().filter(upper).count();
            count == 0 || count == pairs.len()
        })
        .prop_map(|pairs| pairs.into_iter().unzip())
}

proptest! {
        #[test]
    fn the_short_cut_for_ascii_finds_the_same_skeletons(text in "[A-Za-z0-9cCiIlL1 _.'-]{0,20}") {
        // The heart is not ASCII, and does not change the letters.
        let long = skeletons(&format!("{text}\u{2764}"));
        let short = skeletons(&text).into_iter().map(|reading| reading + "\u{2764}");
        prop_assert_eq!(long, short.collect::<Vec<_>>());
    }

    /// In the casing as written, in lower and in upper case.
    #[test]
    fn words_in_confusable_letters_clash((word, foreign) in foreign_words()) {
        for foreign in [foreign.clone(), foreign.to_lowercase(), foreign.to_uppercase()] {
            for word in [word.clone(), word.to_lowercase(), word.to_uppercase()] {
                if let (Ok(a), Ok(b)) = (Nickname::parse(&foreign), Nickname::parse(&word)) {
                    prop_assert!(a.clashes_with(&b), "{foreign} {word}: {:?} {:?}", skeletons(&foreign), skeletons(&word));
                }
            }
        }
    }

    #[test]
    fn skeletons_are_few(text in "\\PC{0,20}") {
        let mut cut = text;
        while cut.len() > MAX_NAME_BYTES {
            cut.pop();
        }
        let skeletons = skeletons(&cut);
        prop_assert!((1..=MAX_SKELETONS).contains(&skeletons.len()));
    }
}
