//! What Tab does.

use proptest::prelude::*;

use crate::command::{Command, complete, parse};

const NAMES: [&str; 7] = ["Ana", "Ana Maria", "Bo", "Room 10m", "7", "all", "שלום"];

/// The line after Tab at its end, and how many candidates there were.
fn tab(line: &str) -> (String, usize) {
    let completion = complete(line, line.len(), &NAMES);
    (line[..completion.start].to_owned() + &completion.replacement, completion.candidates.len())
}

#[test]
fn commands_are_completed() {
    for (line, expected, candidates) in [
        ("ki", "kick ", 1),
        ("KI", "kick ", 1),
        ("  ki", "  kick ", 1),
        ("pa", "panic", 1),
        ("l", "l", 4),
        ("li", "link", 2),
        ("link", "link", 2),
        ("lo", "lo", 2),
        ("re", "re", 3),
        ("en", "end ", 1),
        ("x", "x", 0),
    ] {
        assert_eq!(tab(line), (expected.to_owned(), candidates), "{line}");
    }
    assert_eq!(complete("", 0, &NAMES).candidates.len(), 22);
}

#[test]
fn people_and_words_are_completed() {
    for (line, expected, candidates) in [
        ("kick b", "kick Bo", 1),
        ("kick an", "kick Ana", 2),
        ("kick Ana M", "kick Ana Maria", 1),
        ("mute Ana", "mute Ana", 2),
        ("mute room", "mute \"Room 10m\"", 1),
        ("mute \"Room", "mute \"Room 10m\"", 1),
        ("kick 7", "kick \"7\"", 1),
        ("kick ש", "kick שלום", 1),
        ("admit al", "admit al", 2),
        ("refuse B", "refuse Bo", 1),
        ("lobby o", "lobby o", 2),
        ("lobby on", "lobby on", 1),
        ("slow o", "slow off", 1),
        ("fade ", "fade off", 1),
        ("end ", "end in", 1),
        ("help pan", "help panic", 1),
        ("say A", "say A", 0),
        ("lock A", "lock A", 0),
        ("unknown A", "unknown A", 0),
        ("kick Zo", "kick Zo", 0),
    ] {
        assert_eq!(tab(line), (expected.to_owned(), candidates), "{line}");
    }
}

#[test]
fn what_is_behind_the_cursor_stays() {
    let completion = complete("kick Bo now", 6, &NAMES);
    assert_eq!((completion.start, completion.replacement.as_str()), (5, "Bo"));
    // Within a character, and beyond the end.
    for cursor in [6, 7, 99] {
        let _ = complete("kick ש", cursor, &NAMES);
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_and_nothing_typed_is_lost(
        line in "(kick |mute |admit |help |lobby |)[a-zA-Zא-ת\" 0-9👍]{0,8}",
        cursor in 0usize..40,
        names in proptest::collection::vec(any::<String>(), 0..5),
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let completion = complete(&line, cursor, &names);
        let end = (0..=cursor.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap();
        prop_assert!(completion.start <= end);
        prop_assert!(line.is_char_boundary(completion.start));
        if completion.candidates.is_empty() {
            prop_assert_eq!(&completion.replacement, &line[completion.start..end]);
        }
    }

    /// What Tab writes for a person is that person.
    #[test]
    fn a_completed_name_is_parsed_as_this_name(name in "[a-zA-Z0-9][a-zA-Z0-9 .#\"-]{0,8}[a-z0-9]") {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let completion = complete("mute ", 5, &[&name]);
        let line = format!("mute {}", completion.replacement);
        let Ok(Command::Mute(who, None)) = parse(&line) else { panic!("{line}") };
        prop_assert_eq!(who, crate::command::Who::Name(name));
    }
}
