//! Which nicknames are accepted: known attacks one by one, and random input.

use proptest::prelude::*;

use unicode_segmentation::UnicodeSegmentation as _;

use super::name_error::NameError;
use super::nickname::Nickname;
use crate::identity::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES};

fn name(raw: &str) -> Nickname {
    Nickname::parse(raw).unwrap_or_else(|error| panic!("{raw:?}: {error}"))
}

fn refusal(raw: &str) -> NameError {
    match Nickname::parse(raw) {
        Ok(name) => panic!("{raw:?} was accepted as {name:?}"),
        Err(error) => error,
    }
}

#[test]
fn names_of_all_scripts_are_accepted_unchanged() {
    for raw in [
        "Ana",
        "José",
        "O'Brien",
        "Jean-Luc P.",
        "a_b",
        "Müller",
        "田中Alice",
        "ひらがなカナ漢字",
        "김철수",
        "עברית",
        "محمد",
        "สมชาย",
        "Nguyễn",
        "Ольга",
        "Ελένη",
        "अनिता",
        "👍",
        "Ana 🌸",
        "❤\u{fe0f}",
        "👍🏽",
        "ѕсоре",
        "007",
        "ＡＬＩＣＥ",
    ] {
        assert_eq!(name(raw).as_str(), raw);
    }
}

/// V-04: what is stored is what was checked.
#[test]
fn space_is_trimmed_and_collapsed_and_letters_are_composed() {
    assert_eq!(name("Alice ").as_str(), "Alice");
    assert_eq!(name("\u{3000} A \u{a0}\u{2003} b\n").as_str(), "A b");
    assert_eq!(name("Jose\u{301}").as_str(), "José");
    assert_eq!(name("O’Brien").as_str(), "O'Brien");
    assert_eq!(name("O‘ahu").as_str(), "O'ahu");
    assert_eq!(name("Jean\u{2011}Luc\u{2010}P").as_str(), "Jean-Luc-P");
}

/// V-04.
#[test]
fn invisible_characters_are_refused() {
    for (raw, c) in [
        ("Alice\u{200b}", '\u{200b}'),
        ("A\u{200b}lice", '\u{200b}'),
        ("\u{202e}ecilA", '\u{202e}'),
        ("Bob\nAdmin has left", '\n'),
        ("Bob\u{2028}x", '\u{2028}'),
        ("a\u{0}", '\u{0}'),
        ("a\tb", '\t'),
        ("a\u{1b}[31m", '\u{1b}'),
        ("a\u{e0041}", '\u{e0041}'),
        ("a\u{e000}", '\u{e000}'),
        ("a\u{378}", '\u{378}'),
        ("a\u{3164}", '\u{3164}'),
        ("a\u{115f}", '\u{115f}'),
        ("\u{ffa0}", '\u{ffa0}'),
        ("a\u{2800}", '\u{2800}'),
        ("a\u{34f}", '\u{34f}'),
        ("a\u{fe0f}", '\u{fe0f}'),
        ("👨\u{200d}", '\u{200d}'),
        ("👨\u{200d}\u{200d}👩", '\u{200d}'),
        ("👨\u{200d}a", '\u{200d}'),
        ("👨\u{200c}👩", '\u{200c}'),
        ("a\u{200d}b", '\u{200d}'),
        ("عل\u{200d}ی", '\u{200d}'),
        ("علی\u{200c}", '\u{200c}'),
        ("علی\u{200c}\u{200c}رضا", '\u{200c}'),
        ("\u{200c}علی", '\u{200c}'),
        ("क\u{200d}ष", '\u{200d}'),
        ("🏴\u{e0067}\u{e007f}", '\u{e0067}'),
    ] {
        assert_eq!(refusal(raw), NameError::ForbiddenCharacter(c), "{raw:?}");
    }
}

#[test]
fn punctuation_outside_the_alphabet_is_refused() {
    for raw in [
        "Ana#k7q",
        "＃Ana",
        "<b>",
        "a@b",
        "a/b",
        "a:b",
        "Ana²",
        "Ⅷ",
        "#\u{fe0f}\u{20e3}",
        "1\u{20e3}",
    ] {
        assert!(
            matches!(refusal(raw), NameError::ForbiddenCharacter(_) | NameError::TooManyMarks),
            "{raw}"
        );
    }
}

/// V-04: what is invisible in an emoji, or drawn as a plain digit or flag by an older font, makes no
/// second name.
#[test]
fn emoji_of_several_characters_clash_with_their_visible_part() {
    let wales = "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
    let england = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
    for (emoji, plain) in [
        ("1\u{fe0f}\u{20e3}", "1"),
        ("Ana 1\u{fe0f}\u{20e3}", "Ana 1"),
        (wales, "🏴"),
        (wales, england),
        ("❤\u{fe0e}", "❤\u{fe0f}"),
        ("❤\u{fe0e}", "❤"),
        ("👩\u{200d}💻", "👩💻"),
    ] {
        assert!(name(emoji).clashes_with(&name(plain)), "{emoji} {plain}");
    }
}

#[test]
fn a_name_without_letter_digit_or_emoji_is_empty() {
    for raw in ["", " ", "\u{3000}\n", "...", "-_'"] {
        assert_eq!(refusal(raw), NameError::Empty, "{raw:?}");
    }
}

#[test]
fn length_is_bounded_in_graphemes_and_bytes_also_of_the_input() {
    assert_eq!(name(&"a".repeat(20)).as_str().len(), 20);
    assert_eq!(refusal(&"a".repeat(21)), NameError::TooLong);
    assert_eq!(name(&"漢".repeat(20)).as_str().len(), 60);
    // 17 graphemes of 4 bytes.
    assert_eq!(refusal(&"👍".repeat(17)), NameError::TooLong);
    assert_eq!(refusal(&(" ".repeat(1 << 20) + "a")), NameError::TooLong);
}

/// As many as the bound are accepted, and one more is refused.
#[test]
fn accents_are_few_and_on_letters() {
    assert_eq!(refusal("Z\u{336}\u{34a}\u{357}algo"), NameError::TooManyMarks);
    assert_eq!(refusal("\u{301}a"), NameError::TooManyMarks);
    assert_eq!(refusal("a \u{301}"), NameError::TooManyMarks);
    // Two that are in no composed letter: of one class, and of two.
    for (most, more) in [("q\u{301}\u{300}", '\u{30d}'), ("q\u{335}\u{30d}", '\u{329}')] {
        name(&format!("{most}n"));
        assert_eq!(refusal(&format!("{most}{more}n")), NameError::TooManyMarks, "{most}");
    }
    // Marks of a script: two of one class, six of all.
    let hebrew = |marks: &str| format!("ש{marks}ש");
    name(&hebrew("\u{5b0}\u{5bc}\u{5bd}\u{5c1}\u{591}\u{592}"));
    assert_eq!(
        refusal(&hebrew("\u{5b0}\u{5bc}\u{5bd}\u{5c1}\u{591}\u{592}\u{5bf}")),
        NameError::TooManyMarks
    );
    name(&hebrew("\u{591}\u{596}"));
    assert_eq!(refusal(&hebrew("\u{591}\u{596}\u{59b}")), NameError::TooManyMarks);
    // Those with a width are not counted.
    name("ကျေေေောာာာ");
}

#[test]
fn signs_within_words_are_ignored_by_readers_and_belong_to_their_script() {
    for (a, b) in [
        ("Gal·la", "Galla"),
        ("ジョン・スミス", "ジョンスミス"),
        ("בן־גוריון", "בןגוריון"),
        ("མཚན་མ", "མཚནམ"),
    ] {
        assert!(name(a).clashes_with(&name(b)), "{a} {b}");
    }
    assert_eq!(refusal("A\u{f0b}lice"), NameError::MixedScripts);
    assert_eq!(refusal("A\u{5be}lice"), NameError::MixedScripts);
    assert_eq!(refusal("ad\u{b7}min"), NameError::Reserved);
    assert_eq!(refusal("\u{f0b}\u{f0b}"), NameError::Empty);
}

/// V-04.
#[test]
fn confusable_scripts_are_not_mixed() {
    for raw in ["\u{410}lice", "Al\u{456}ce", "cафе", "pаypal", "αlpha", "ab\u{661}"] {
        assert_eq!(refusal(raw), NameError::MixedScripts, "{raw}");
    }
}

#[test]
fn reserved_words_and_similar_names_are_refused() {
    for raw in [
        "operator",
        "System",
        "SERVER",
        "chattrace",
        "admin",
        "Moderator",
        "host",
        "operat0r",
        "0perator",
        "Adrnin",
        "𝐚𝐝𝐦𝐢𝐧",
        "ａｄｍｉｎ",
        "ádmin",
        "adm1n",
        "ADMlN",
        "_admin_",
        "ad-min",
        "Admin 🌸",
        "o p e r a t o r",
    ] {
        assert_eq!(refusal(raw), NameError::Reserved, "{raw}");
    }
    for raw in ["Hostel", "Adam", "Serena", "Systema"] {
        name(raw);
    }
}

#[test]
fn a_taken_name_gets_a_number_that_fits() {
    assert_eq!(name("Ana").variant(2).unwrap().as_str(), "Ana 2");
    assert_eq!(name("Ana 2").variant(3).unwrap().as_str(), "Ana 3");
    assert_eq!(name("Ana2").variant(2).unwrap().as_str(), "Ana2 2");
    let long = name(&"a".repeat(20)).variant(12).unwrap();
    assert_eq!(long.as_str(), format!("{} 12", "a".repeat(17)));
    let wide = name(&"👍".repeat(16)).variant(2).unwrap();
    assert_eq!(wide.as_str(), format!("{} 2", "👍".repeat(15)));
    assert_eq!(name("👍").variant(u32::MAX).unwrap().as_str(), "👍 4294967295");
}

#[test]
fn every_error_names_the_next_step() {
    for raw in ["", &"a".repeat(21), "a#", "a\u{200b}", "\u{301}a", "cафе", "admin"] {
        let text = refusal(raw).to_string();
        assert!(text.contains(';') && !text.contains('\u{200b}'), "{text}");
    }
    assert!(refusal("a#").to_string().contains("\"#\""));
    assert!(refusal("a\u{200b}").to_string().contains("U+200B"));
}

/// Any characters, and more often those that have caused trouble elsewhere.
fn raw_name() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "aAIl1mrn0 -_.'#\u{300}\u{301}\u{345}\u{200d}\u{fe0f}👍🏽❤ςΣßİıǅﬁﾞｶ가\u{1100}\u{1161}ำ\u{2126}Å\u{a0}\n"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![special, any::<char>(), prop::char::range('a', 'z')], 0..30)
        .prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn no_input_panics_and_parsing_is_idempotent(raw in raw_name()) {
        if let Ok(name) = Nickname::parse(&raw) {
            prop_assert_eq!(Nickname::parse(name.as_str()), Ok(name.clone()));
            prop_assert!(name.as_str().len() <= MAX_NAME_BYTES);
            prop_assert!((1..=MAX_NAME_GRAPHEMES).contains(&name.as_str().graphemes(true).count()));
            prop_assert!(name.clashes_with(&name));
            if let Some(variant) = name.variant(2) {
                prop_assert!(variant.as_str().ends_with(" 2"));
            }
        }
    }
}
