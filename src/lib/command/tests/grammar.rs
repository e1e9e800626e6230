//! What is understood.

use proptest::prelude::*;

use crate::command::{Applicants, Command, Topic, Who, parse};
use crate::span::Span;

fn name(name: &str) -> Who {
    Who::Name(name.to_owned())
}

fn tagged(name: &str, tag: &str) -> Who {
    Who::NameAndTag { name: name.to_owned(), tag: tag.to_owned() }
}

fn span(seconds: u32) -> Span {
    Span::from_seconds(seconds).unwrap()
}

#[test]
fn each_command_is_parsed_in_any_case_with_any_spaces() {
    for (line, command) in [
        ("who", Command::Who),
        (" WHO\t", Command::Who),
        ("say  Hello,  world ", Command::Say("Hello,  world".to_owned())),
        ("Say \"x\"", Command::Say("\"x\"".to_owned())),
        ("kick 3", Command::Kick(Who::Number(3))),
        ("KICK\u{3000}Ana", Command::Kick(name("Ana"))),
        ("mute 3", Command::Mute(Who::Number(3), None)),
        ("mute 3 10m", Command::Mute(Who::Number(3), Some(span(600)))),
        ("unmute Ana#K7Q", Command::Unmute(tagged("Ana", "k7q"))),
        ("slow 30S", Command::Slow(Some(span(30)))),
        ("slow OFF", Command::Slow(None)),
        ("lock", Command::Lock),
        ("Unlock", Command::Unlock),
        ("lobby on", Command::LobbyOn),
        ("lobby  Off", Command::LobbyOff),
        ("admit all", Command::Admit(Applicants::All)),
        ("admit 4", Command::Admit(Applicants::One(Who::Number(4)))),
        ("refuse ALL", Command::Refuse(Applicants::All)),
        ("refuse Bo", Command::Refuse(Applicants::One(name("Bo")))),
        ("link", Command::Link),
        ("relink", Command::Relink),
        ("invite", Command::Invite { people: 1, within: span(3600) }),
        ("invite 5", Command::Invite { people: 5, within: span(3600) }),
        ("invite 30m", Command::Invite { people: 1, within: span(1800) }),
        ("invite 5 30m", Command::Invite { people: 5, within: span(1800) }),
        ("links", Command::Links),
        ("revoke 2", Command::Revoke(2)),
        ("clear", Command::Clear),
        ("fade 2h", Command::Fade(Some(span(7200)))),
        ("fade off", Command::Fade(None)),
        ("end", Command::End(None)),
        ("END IN 10m", Command::End(Some(span(600)))),
        ("stay", Command::Stay),
        ("panic", Command::Panic),
        ("help", Command::Help(None)),
        ("help Kick", Command::Help(Some(Topic("kick")))),
        ("help kick WHO", Command::Help(Some(Topic("kick")))),
    ] {
        assert_eq!(parse(line), Ok(command), "{line}");
    }
}

#[test]
fn a_person_is_a_number_a_name_or_a_name_and_a_tag() {
    for (text, who) in [
        ("1", Who::Number(1)),
        ("4294967295", Who::Number(u32::MAX)),
        // What is no number of a participant can only be a name.
        ("0", name("0")),
        ("007", name("007")),
        ("4294967296", name("4294967296")),
        ("+3", name("+3")),
        ("-3", name("-3")),
        ("\"3\"", name("3")),
        ("3#k7q", tagged("3", "k7q")),
        ("Ana", name("Ana")),
        ("Ana  Maria", name("Ana Maria")),
        ("Ana Maria#k7q", tagged("Ana Maria", "k7q")),
        ("\"Ana Maria\"#K7Q", tagged("Ana Maria", "k7q")),
        ("Ana 2", name("Ana 2")),
        ("Room 10m", name("Room 10m")),
        // No tag: three letters of those that tags are made of.
        ("Ana#", name("Ana#")),
        ("Ana#k7", name("Ana#k7")),
        ("Ana#ol1", name("Ana#ol1")),
        ("#k7q", name("#k7q")),
        ("#", name("#")),
        ("a#b#k7q", tagged("a#b", "k7q")),
        ("#\u{fe0f}\u{20e3}", name("#\u{fe0f}\u{20e3}")),
        ("\"\"\"x\"\"\"", name("\"x\"")),
        ("\"\"", name("")),
        ("kick", name("kick")),
        ("panic", name("panic")),
        ("all", name("all")),
        ("שלום", name("שלום")),
        ("مريم", name("مريم")),
        ("👍🏽", name("👍🏽")),
        // As names are: composed.
        ("Ame\u{301}lie", name("Amélie")),
        ("\u{202e}Ana", name("\u{202e}Ana")),
    ] {
        assert_eq!(parse(&format!("kick {text}")), Ok(Command::Kick(who)), "{text}");
    }
    let all = Command::Admit(Applicants::One(name("all")));
    assert_eq!(parse("admit \"all\""), Ok(all));
}

#[test]
fn the_span_of_a_mute_ends_the_line_and_is_told_from_a_name() {
    let mute = |who, seconds: Option<u32>| Ok(Command::Mute(who, seconds.map(span)));
    assert_eq!(parse("mute Ana 2"), mute(name("Ana 2"), None));
    assert_eq!(parse("mute Ana 2 10m"), mute(name("Ana 2"), Some(600)));
    assert_eq!(parse("mute Room 10m"), mute(name("Room"), Some(600)));
    assert_eq!(parse("mute \"Room 10m\""), mute(name("Room 10m"), None));
    assert_eq!(parse("mute \"Room 10m\"  1H"), mute(name("Room 10m"), Some(3600)));
    assert_eq!(parse("mute \"Room 10m\"#k7q 1h"), mute(tagged("Room 10m", "k7q"), Some(3600)));
    assert_eq!(parse("mute Ana#k7q 30s"), mute(tagged("Ana", "k7q"), Some(30)));
    // A name alone is a name, like a span or not.
    assert_eq!(parse("mute 10m"), mute(name("10m"), None));
}

#[test]
fn an_announcement_may_have_several_lines_and_is_judged_by_others() {
    for text in ["one\ntwo", "\u{1b}[31m", "a\tb", "\u{202e}", "panic"] {
        assert_eq!(parse(&format!("say {text}")), Ok(Command::Say(text.to_owned())), "{text:?}");
    }
}

fn any_who() -> impl Strategy<Value = Who> {
    // Texts that look like something else, and any that a name can be.
    let words = prop_oneof![
        "[a-z]{1,5}",
        "[0-9]{1,3}[smh]?",
        Just("all".to_owned()),
        Just("-5m".to_owned()),
        Just("#k7q".to_owned()),
        "[\"#א-ת👍a-z0-9.]{1,4}",
    ];
    let name = proptest::collection::vec(words, 1..4).prop_map(|words| words.join(" "));
    prop_oneof![
        (1u32..).prop_map(Who::Number),
        name.clone().prop_map(Who::Name),
        (name, "[a-h2-9]{3}").prop_map(|(name, tag)| Who::NameAndTag { name, tag }),
    ]
}

fn any_command() -> impl Strategy<Value = Command> {
    let span = || (1u32..100_000).prop_map(span);
    let off = || proptest::option::of(span());
    let applicants = || prop_oneof![Just(Applicants::All), any_who().prop_map(Applicants::One)];
    prop_oneof![
        any_who().prop_map(Command::Kick),
        (any_who(), off()).prop_map(|(who, span)| Command::Mute(who, span)),
        any_who().prop_map(Command::Unmute),
        off().prop_map(Command::Slow),
        off().prop_map(Command::Fade),
        off().prop_map(Command::End),
        applicants().prop_map(Command::Admit),
        applicants().prop_map(Command::Refuse),
        (1u32..=10_000, span()).prop_map(|(people, within)| Command::Invite { people, within }),
        (1u32..).prop_map(Command::Revoke),
        "[^\\s].{0,20}[^\\s]".prop_map(Command::Say),
    ]
}

proptest! {
    #[test]
    fn what_is_shown_is_parsed_back(command in any_command()) {
        let line = command.to_string();
        prop_assert_eq!(parse(&line), Ok(command), "{}", line);
    }

    #[test]
    fn no_line_makes_it_panic(line in any::<String>(), word in "(kick|mute|invite|end|help|SLOW) ") {
        for line in [line.clone(), word + &line] {
            match parse(&line) {
                Ok(command) => prop_assert_eq!(parse(&command.to_string()), Ok(command)),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
