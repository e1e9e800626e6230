//! The rules for similar names, held against all of Unicode and the whole table of UTS #39.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use super::Nickname;
use super::name_characters::AMBIGUOUS_LETTERS;
use super::skeleton::{skeletons, strip_separators};

fn skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// The results of case conversion and normalisation.
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

/// Whether [`forms`] of the character and of its skeleton are the character alone, as those of most
/// ideographs and syllables are. What is its own compatibility decomposition (UAX #15) is its own normal form
/// in all four.
fn has_one_form(c: char) -> bool {
    let is_itself = |form: &mut dyn Iterator<Item = char>| form.eq([c]);
    is_itself(&mut std::iter::once(c).nfkd())
        && is_itself(&mut c.to_lowercase())
        && is_itself(&mut c.to_uppercase())
        && is_itself(&mut unicode_security::skeleton(c.encode_utf8(&mut [0; 4])))
}

/// Compares every accepted form of each character with every accepted form of its prototype. Returns
/// the characters with a pair that does not clash, and the number of pairs.
fn find_unequal(chars: impl Iterator<Item = char>) -> (BTreeSet<char>, usize) {
    let (mut found, mut compared) = (BTreeSet::new(), 0);
    for c in chars {
        let mine = forms(&c.to_string());
        let all: BTreeSet<String> =
            forms(&skeleton(&c.to_string())).union(&mine).cloned().collect();
        if all.len() == 1 {
            continue;
        }
        // Alone, and between digits, which belong to every script.
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

/// The table of UTS #39 from end to end, with what case and normalisation make of both sides of each
/// pair. All accepted forms of an accepted character clash.
#[test]
fn every_confusable_pair_clashes_in_every_form() {
    const PARTS: u32 = 4;
    let parts: Vec<_> = (0..PARTS)
        .map(|part| {
            std::thread::spawn(move || {
                let chars = (part..=u32::from(char::MAX)).step_by(PARTS as usize);
                let chars = chars.filter_map(char::from_u32).filter(|c| !has_one_form(*c));
                find_unequal(chars.filter(|c| {
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

/// Each of the ambiguous letters is refused, and each is ambiguous.
#[test]
fn ambiguous_letters_are_refused() {
    for c in AMBIGUOUS_LETTERS {
        let c = c.to_string();
        assert!(Nickname::parse(&format!("a{c}b")).is_err() && Nickname::parse(&c).is_err(), "{c}");
        let (mine, theirs) = (forms(&c), forms(&skeleton(&c)));
        let far = |a: &String| {
            mine.union(&theirs).any(|b| {
                let (a, b) = (skeletons(&format!("7{a}7")), skeletons(&format!("7{b}7")));
                !a.iter().any(|a| b.iter().any(|b| strip_separators(a) == strip_separators(b)))
            })
        };
        assert!(mine.iter().any(far), "{c} is not ambiguous");
    }
}

#[test]
fn a_skeleton_is_its_own_skeleton_for_every_character() {
    for c in '\0'..=char::MAX {
        // Syllables and ideographs are their own skeleton, or that of a letter that is checked.
        if matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{e000}'..='\u{f8ff}' | '\u{17000}'..='\u{18cff}' | '\u{20000}'..)
        {
            continue;
        }
        for reading in skeletons(&format!("x{c}y")) {
            assert!(skeletons(&reading).contains(&reading), "{c:?}: {reading:?}");
        }
    }
}
