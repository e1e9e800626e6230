//! Decorated, respelled and foreign forms of the reserved words, and names that only contain one.

use super::name_error::NameError;
use super::nickname::Nickname;
use super::reserved::{RESERVED_WORDS, is_reserved, may_be_reserved};
use super::skeleton::{skeletons, strip_separators};

/// Decorations of a reserved word, here `admin`.
const DECORATED: &[&str] = &[
    "admin",
    "Admin",
    "ADMIN",
    "aDmIn",
    "admins",
    "admin's",
    "admin 1",
    "1admin",
    "1 admin",
    "admin1",
    "admin2026",
    "007admin007",
    "admin.",
    ".admin",
    "admin...",
    "_admin_",
    "Admin_",
    "-admin-",
    "'admin'",
    "a-d-m-i-n",
    "a d m i n",
    "a.d.m.i.n.",
    "ad min",
    "ad_min1",
    "adm1n",
    "4dmin",
    "4dm1n",
    "4dm1n5",
    "0admin0",
    "ad9min",
    "a1d1m1i1n1",
    "admln",
    "adrnin",
    "AdmIn",
    "adminl",
    "adminI",
    "adminO",
    "ádmin",
    "ąđmin",
    "a\u{301}dmin",
    "𝐚𝐝𝐦𝐢𝐧",
    "ａｄｍｉｎ",
    "ａｄｍ１ｎ",
    "admin ١",
    "admin 🌸",
    "🌸admin🌸",
    "admin❤\u{fe0f}",
    "🅰dmin",
    "🇦🇩🇲🇮🇳",
    "🇦dmin",
    "the admin",
    "The Admin",
    "Admin Ana",
    "Ana, admin",
    "real-admin",
    "Ana (admin)",
    "Ana.admin 7",
    "aclmin",
    "admin\u{2bc}",
    "ʼadmin",
    "adminʹ",
];

fn is_refused(name: &str) -> bool {
    // Commas and brackets are refused in any name.
    !matches!(Nickname::parse(name), Ok(_) | Err(NameError::Empty | NameError::TooLong))
}

fn is_found(name: &str) -> bool {
    let skeletons: Vec<_> = skeletons(name).iter().map(|it| strip_separators(it)).collect();
    may_be_reserved(&skeletons) && is_reserved(name)
}

#[test]
fn decorated_reserved_words_are_refused() {
    for decorated in DECORATED {
        assert!(is_refused(decorated), "{decorated}");
        assert!(is_found(decorated), "{decorated}");
    }
    for word in RESERVED_WORDS {
        for decorated in DECORATED.iter().filter(|decorated| decorated.contains("admin")) {
            let name = decorated.replace("admin", word);
            assert!(is_found(&name), "{name}");
        }
        let leet: String = word
            .chars()
            .map(|c| match c {
                'o' => '0',
                'i' => '1',
                'e' => '3',
                'a' => '4',
                's' => '5',
                't' => '7',
                other => other,
            })
            .collect();
        for name in [leet.clone(), leet.to_uppercase(), format!("{leet}1"), format!("7 {leet}")] {
            assert!(is_found(&name), "{name}");
        }
        for at in 1..word.len() {
            for sign in [" ", "-", "_", ".", "'", "🌸", "1", "9"] {
                let name = format!("{}{sign}{}", &word[..at], &word[at..]);
                assert!(is_found(&name), "{name}");
            }
        }
    }
}

#[test]
fn reserved_words_in_confusable_letters_are_refused() {
    for name in ["ѕуѕtеm", "һоѕt", "ΗΟЅΤ", "ΗΟST", "орегаtог", "аdmіn", "ѕегvег", "ՏYSTEM"]
    {
        assert!(is_refused(name), "{name}");
    }
}

#[test]
fn names_that_only_contain_a_reserved_word_are_accepted() {
    for name in [
        "Hostetler",
        "Rosti",
        "Hostel",
        "Adam",
        "Serena",
        "Systema",
        "Ghost",
        "Khosta",
        "Badminton",
        "Sadmina",
        "Tost",
        "Rost",
        "Osten",
        "Post",
        "Ost",
        "Ana 1",
        "Ana",
        "007",
        "0",
        "O",
        "Il",
        "Oli",
        "Olli",
        "Severin",
        "Cooper",
        "Perator",
        "Dmin",
        "Min",
        "Most",
        "Mod",
        "Traceadmirer",
        "Домен",
        "Адам",
        "田中",
        "สมชาย",
        "🌸",
        "🇫🇷",
        "S",
        "st",
        "er",
    ] {
        assert!(!is_reserved(name), "{name}");
        assert!(Nickname::parse(name).is_ok(), "{name}");
    }
}
