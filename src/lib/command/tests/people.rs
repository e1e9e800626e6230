//! Whom a command is about.

use proptest::prelude::*;

use crate::command::{Command, Who, WhoError, find, parse};
use crate::terminal::{escape_control, is_printable};

const PEOPLE: [(u32, &str, &str); 9] = [
    (1, "Ana", "k7q"),
    (2, "Bo", "f2x"),
    (3, "Ana Maria", "abc"),
    (4, "kick", "efg"),
    (5, "7", "hjk"),
    (7, "שלום", "mnp"),
    (8, "👍🏽", "qrs"),
    (9, "Ana", "z23"),
    (10, "a\u{202e}b", "tuv"),
];

fn found(who: &str) -> Result<u32, String> {
    let Ok(Command::Kick(who)) = parse(&format!("kick {who}")) else { panic!("{who}") };
    find(&who, PEOPLE.into_iter()).map_err(|error| error.to_string())
}

#[test]
fn one_person_is_found_by_number_name_or_tag() {
    for (who, number) in [
        ("1", 1),
        ("Bo", 2),
        ("bo", 2),
        ("BO#F2X", 2),
        ("ana maria", 3),
        ("kick", 4),
        // The number, and not the name.
        ("7", 7),
        ("\"7\"", 5),
        ("7#hjk", 5),
        ("שלום", 7),
        ("👍🏽", 8),
        ("ana#z23", 9),
        // As it is shown, and as it is.
        ("a\\u{202e}b", 10),
        ("a\u{202e}b", 10),
    ] {
        assert_eq!(found(who), Ok(number), "{who}");
    }
}

#[test]
fn one_who_is_not_there_is_named_with_the_nearest() {
    for (who, expected) in [
        ("6", "6 is not here; \"who\" lists everyone"),
        ("Bob", "Bob is not here; did you mean Bo?"),
        ("Ana Mari", "Ana Mari is not here; did you mean Ana Maria?"),
        ("Zorro", "Zorro is not here; \"who\" lists everyone"),
        ("Bo#abc", "Bo#abc is not here; did you mean Bo?"),
        ("", "\"\" is not here; \"who\" lists everyone"),
    ] {
        let who = if who.is_empty() { "\"\"" } else { who };
        assert_eq!(found(who), Err(expected.to_owned()), "{who}");
    }
    let nobody = find(&Who::Name("Ana".to_owned()), std::iter::empty());
    assert_eq!(nobody, Err(WhoError::NotThere { who: "Ana".to_owned(), nearest: None }));
}

#[test]
fn a_name_of_two_people_is_refused_with_both_shown() {
    let expected = "there are Ana#k7q (1), Ana#z23 (9); write the number of one";
    assert_eq!(found("Ana"), Err(expected.to_owned()));
    assert_eq!(found("ana"), Err(expected.to_owned()));
    let many = (1..=2_000).map(|number| (number, "Ana", "k7q"));
    let error = find(&Who::Name("Ana".to_owned()), many).unwrap_err().to_string();
    let expected = "there are Ana#k7q (1), Ana#k7q (2), Ana#k7q (3), Ana#k7q (4) and 1996 more; \
                    write the number of one";
    assert_eq!(error, expected);
}

/// A name that is the same but for its case goes before others.
#[test]
fn the_exact_name_is_found_first() {
    let people = || [(1, "ANA", "abc"), (2, "ana", "efg"), (3, "Ana", "hjk")].into_iter();
    assert_eq!(find(&Who::Name("ana".to_owned()), people()), Ok(2));
    assert!(matches!(
        find(&Who::Name("aNa".to_owned()), people()),
        Err(WhoError::Ambiguous { more: 0, .. })
    ));
}

proptest! {
    /// Names come from the network, and tags.
    #[test]
    fn sentences_about_people_are_printable(
        names in proptest::collection::vec((any::<String>(), any::<String>()), 0..6),
        who in any::<String>(),
    ) {
        let people = || (1u32..).zip(&names).map(|(n, (name, tag))| (n, name.as_str(), tag.as_str()));
        for who in [Who::Name(who.clone()), Who::Name("a".to_owned()), Who::Number(77)] {
            if let Err(error) = find(&who, people()) {
                let sentence = error.to_string();
                prop_assert!(is_printable(&sentence), "{}", sentence);
            }
        }
    }

    /// Each person in the list can be named by what is shown.
    #[test]
    fn everyone_is_found_by_what_is_shown(name in "[a-zA-Zא-ת0-9#\" .👍\u{202e}]{1,12}") {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assume!(!name.is_empty());
        let shown = Who::Name(escape_control(&name)).to_string();
        let Ok(Command::Kick(who)) = parse(&format!("kick {shown}")) else { panic!("{shown}") };
        prop_assert_eq!(find(&who, [(1, name.as_str(), "k7q")].into_iter()), Ok(1));
    }
}
