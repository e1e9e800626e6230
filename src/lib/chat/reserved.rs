//! Names by which the room itself, or the person who runs it, could be meant.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use super::likeness::{bare, readings};
use super::picture;

/// Each is reserved with an s behind it as well.
const WORDS: [&str; 8] =
    ["operator", "system", "server", "chattrace", "admin", "administrator", "moderator", "host"];

/// [`WORDS`] in the form in which names are compared.
static FORMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    WORDS.iter().flat_map(|word| [readings(word), readings(&format!("{word}s"))].concat()).collect()
});

/// Whether [`reserved`] could be true of a name that is read in these ways: it costs more than all
/// other rules together, and hardly any name has all letters of a reserved word in their order. A c
/// and an l that only a digit or a sign brings together, or parts, count as a d and as themselves.
pub(super) fn may_be_reserved(readings: &[String]) -> bool {
    readings.iter().any(|reading| {
        let apart = reading.replace('d', "cdi").replace('w', "vvw");
        FORMS.iter().any(|form| {
            let mut letters = spelled_chars(&apart);
            form.chars().filter(|c| *c != 'd').all(|c| letters.any(|letter| letter == c))
        })
    })
}

/// Whether the name, or a word of it, looks like a reserved word: in any alphabet, with signs
/// between its letters, with digits around or among them or in place of them (adm1n).
///
/// A reserved word within a longer one is not found: Hostetler is a name.
pub(super) fn reserved(name: &str) -> bool {
    let text: String = picture::spelled(name).nfkc().collect();
    let words = text.split(|c| !of_a_word(c)).filter(|word| !word.is_empty());
    let together: String = text.chars().filter(|c| of_a_word(*c)).collect();
    words.chain([together.as_str()]).any(looks_reserved)
}

fn of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c.general_category() == GeneralCategory::NonspacingMark
}

fn looks_reserved(word: &str) -> bool {
    let core = word.trim_matches(like_digit);
    if core.is_empty() {
        return false;
    }
    let begin = word.len() - word.trim_start_matches(like_digit).len();
    let (before, after) = (form(&word[..begin]), form(&word[begin + core.len()..]));
    let without: String = core.chars().filter(|c| !digit(*c)).collect();
    let cores = [readings(&spelled(core)), readings(&without)].concat();
    cores.iter().map(|core| bare(core)).any(|core| {
        FORMS.iter().any(|reserved| {
            reserved.match_indices(&core).any(|(at, _)| {
                before.ends_with(&reserved[..at]) && after.starts_with(&reserved[at + core.len()..])
            })
        })
    })
}

/// Digits as the letters that they are written for.
fn spelled(text: &str) -> String {
    spelled_chars(text).collect()
}

fn spelled_chars(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    })
}

/// Digits around a word, as letters.
fn form(digits: &str) -> String {
    readings(&spelled(digits)).swap_remove(0)
}

fn digit(c: char) -> bool {
    c.general_category() == GeneralCategory::DecimalNumber
}

/// A digit, or what is drawn like 1 or 0: l, I, O.
fn like_digit(c: char) -> bool {
    let mut bytes = [0; 4];
    digit(c)
        || matches!(c, 'l' | 'I' | 'O')
        || !c.is_ascii() && {
            let mut skeleton = unicode_security::skeleton(c.encode_utf8(&mut bytes));
            matches!(skeleton.next(), Some('l' | 'O')) && skeleton.next().is_none()
        }
}

#[cfg(test)]
mod tests {
    use super::super::Nickname;
    use super::super::nickname::NameError;
    use super::{WORDS, bare, may_be_reserved, readings, reserved};

    /// What is put around, between and into a reserved word, here `admin`.
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

    fn refused(name: &str) -> bool {
        // Commas and brackets have no place in any name.
        !matches!(Nickname::parse(name), Ok(_) | Err(NameError::Empty | NameError::TooLong))
    }

    fn found(name: &str) -> bool {
        let readings: Vec<_> = readings(name).iter().map(|reading| bare(reading)).collect();
        may_be_reserved(&readings) && reserved(name)
    }

    #[test]
    fn a_reserved_word_is_reserved_with_whatever_is_put_to_it() {
        for decorated in DECORATED {
            assert!(refused(decorated), "{decorated}");
            assert!(found(decorated), "{decorated}");
        }
        for word in WORDS {
            for decorated in DECORATED.iter().filter(|decorated| decorated.contains("admin")) {
                let name = decorated.replace("admin", word);
                assert!(found(&name), "{name}");
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
            for name in [leet.clone(), leet.to_uppercase(), format!("{leet}1"), format!("7 {leet}")]
            {
                assert!(found(&name), "{name}");
            }
            for at in 1..word.len() {
                for sign in [" ", "-", "_", ".", "'", "🌸", "1", "9"] {
                    let name = format!("{}{sign}{}", &word[..at], &word[at..]);
                    assert!(found(&name), "{name}");
                }
            }
        }
    }

    /// Words of other alphabets, in letters that are drawn like ours.
    #[test]
    fn a_reserved_word_is_reserved_in_letters_of_elsewhere() {
        for name in ["ѕуѕtеm", "һоѕt", "ΗΟЅΤ", "ΗΟST", "орегаtог", "аdmіn", "ѕегvег", "ՏYSTEM"]
        {
            assert!(refused(name), "{name}");
        }
    }

    #[test]
    fn names_that_only_hold_a_reserved_word_are_names() {
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
            assert!(!reserved(name), "{name}");
            assert!(Nickname::parse(name).is_ok(), "{name}");
        }
    }
}
