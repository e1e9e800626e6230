//! The whole of Unicode, and the whole table of UTS #39, against the rule for look-alikes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::Nickname;
use super::likeness::{READINGS, bare, readings};
use super::nickname::TWOFOLD;
use crate::identity::MAX_NAME_BYTES;

fn name(raw: &str) -> Nickname {
    Nickname::parse(raw).unwrap_or_else(|error| panic!("{raw:?}: {error}"))
}

fn skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// What case and normalisation can make of a text.
fn forms(text: &str) -> BTreeSet<String> {
    let chars = || text.chars();
    let upper = text.to_uppercase();
    let mut forms = BTreeSet::from([
        text.to_owned(),
        text.nfc().collect(),
        text.nfd().collect(),
        text.nfkc().collect(),
        text.nfkd().collect(),
        text.to_lowercase(),
        // No final sigma.
        chars().flat_map(char::to_lowercase).collect(),
        text.to_lowercase().to_uppercase(),
        upper.to_lowercase(),
        text.to_lowercase().to_uppercase().to_lowercase(),
        text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect(),
        upper,
    ]);
    forms.retain(|form| !form.is_empty());
    forms
}

/// Every pair of a form of a character and a form of its prototype that are let in and not taken for
/// each other, and how many pairs were compared.
fn apart(chars: impl Iterator<Item = char>) -> (BTreeSet<char>, usize) {
    let (mut found, mut compared) = (BTreeSet::new(), 0);
    for c in chars {
        let mine = forms(&c.to_string());
        let all: BTreeSet<String> =
            forms(&skeleton(&c.to_string())).union(&mine).cloned().collect();
        if all.len() == 1 {
            continue;
        }
        // Alone, and between signs that belong to every script.
        for around in ["", "7"] {
            let names: Vec<(bool, Nickname)> = all
                .iter()
                .filter_map(|form| {
                    let name = Nickname::parse(&format!("{around}{form}{around}")).ok()?;
                    Some((mine.contains(form), name))
                })
                .collect();
            for (_, own) in names.iter().filter(|(own, _)| *own) {
                for (_, other) in &names {
                    compared += 1;
                    if !(own.clashes_with(other) && other.clashes_with(own)) {
                        found.insert(c);
                    }
                }
            }
        }
    }
    (found, compared)
}

/// The table of UTS #39 from end to end, and what folding and normalisation make of both sides of
/// each pair. Where the character itself is let in, all that is let in of this clashes.
#[test]
fn every_confusable_pair_clashes_in_every_form() {
    const PARTS: u32 = 4;
    let parts: Vec<_> = (0..PARTS)
        .map(|part| {
            std::thread::spawn(move || {
                let chars = (part..=u32::from(char::MAX)).step_by(PARTS as usize);
                apart(chars.filter_map(char::from_u32).filter(|c| {
                    let alone =
                        [Nickname::parse(&c.to_string()), Nickname::parse(&format!("7{c}7"))];
                    alone.iter().any(Result::is_ok)
                }))
            })
        })
        .collect();
    let parts: Vec<_> = parts.into_iter().map(|part| part.join().unwrap()).collect();
    let found: Vec<_> = parts.iter().flat_map(|(found, _)| found).collect();
    assert!(found.is_empty(), "{found:?}");
    let compared: usize = parts.iter().map(|(_, compared)| compared).sum();
    assert!(compared > 50_000, "{compared} pairs only");
}

/// The letters with two readings are refused for a reason, each of them.
#[test]
fn letters_that_are_read_in_two_ways_are_refused() {
    for c in TWOFOLD {
        let c = c.to_string();
        assert!(Nickname::parse(&format!("a{c}b")).is_err() && Nickname::parse(&c).is_err(), "{c}");
        let (mine, theirs) = (forms(&c), forms(&skeleton(&c)));
        let far = |a: &String| {
            mine.union(&theirs).any(|b| {
                let (a, b) = (readings(&format!("7{a}7")), readings(&format!("7{b}7")));
                !a.iter().any(|a| b.iter().any(|b| bare(a) == bare(b)))
            })
        };
        assert!(mine.iter().any(far), "{c} can be let in");
    }
}

/// What is taken for the same is a matter of the normal form, which has no normal form but itself.
#[test]
fn the_normal_form_is_reached_for_every_character() {
    for c in '\0'..=char::MAX {
        // Syllables and ideographs are their own form, or that of a letter that is looked at.
        if matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{e000}'..='\u{f8ff}' | '\u{17000}'..='\u{18cff}' | '\u{20000}'..)
        {
            continue;
        }
        for reading in readings(&format!("x{c}y")) {
            assert!(readings(&reading).contains(&reading), "{c:?}: {reading:?}");
        }
    }
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

/// No mark tells two names apart, whichever block it is from.
#[test]
fn no_mark_on_a_letter_makes_another_name() {
    for base in ["Maria", "Мария", "Μαρια", "マリ", "מריה", "مريم"] {
        let plain = name(base);
        let mut accepted = 0;
        for mark in ('\u{80}'..='\u{1ffff}').chain('\u{e0000}'..='\u{e01ef}') {
            use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
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

/// A word, and letters of elsewhere that have its letters as their prototypes. All are small or none
/// is: a word that changes its case within is no other word to any reader.
fn foreign_words() -> impl Strategy<Value = (String, String)> {
    let mut letters: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for c in ('\u{80}'..='\u{ffff}').filter(|c| c.is_alphabetic() && !TWOFOLD.contains(c)) {
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
    /// The short cut for ASCII finds what the long way finds.
    #[test]
    fn ascii_is_read_as_everything_else_is(text in "[A-Za-z0-9cCiIlL1 _.'-]{0,20}") {
        // The heart makes it take the long way, and has no part in the letters.
        let long = readings(&format!("{text}\u{2764}"));
        let short = readings(&text).into_iter().map(|reading| reading + "\u{2764}");
        prop_assert_eq!(long, short.collect::<Vec<_>>());
    }

    /// Whole words in letters of elsewhere, as they are and in all cases.
    #[test]
    fn words_in_letters_of_elsewhere_clash((word, foreign) in foreign_words()) {
        for foreign in [foreign.clone(), foreign.to_lowercase(), foreign.to_uppercase()] {
            for word in [word.clone(), word.to_lowercase(), word.to_uppercase()] {
                if let (Ok(a), Ok(b)) = (Nickname::parse(&foreign), Nickname::parse(&word)) {
                    prop_assert!(a.clashes_with(&b), "{foreign} {word}: {:?} {:?}", readings(&foreign), readings(&word));
                }
            }
        }
    }

    #[test]
    fn readings_are_few_and_bounded(text in "\\PC{0,20}") {
        let mut cut = text;
        while cut.len() > MAX_NAME_BYTES {
            cut.pop();
        }
        let readings = readings(&cut);
        prop_assert!((1..=READINGS).contains(&readings.len()));
    }
}
