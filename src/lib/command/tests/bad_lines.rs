//! What is refused, and how that is said.

use proptest::prelude::*;

use crate::command::{Command, CommandError, parse};
use crate::terminal::is_printable;

fn sentence(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn an_unknown_command_is_refused_with_the_nearest_one() {
    for (line, nearest) in [
        ("kik 3", "kick"),
        ("mtue 3", "mute"),
        ("/kick 3", "kick"),
        ("lokc", "lock"),
        ("invit", "invite"),
        ("inv", "invite"),
        ("lob", "lobby"),
        ("HLEP", "help"),
        ("pnaic", "panic"),
        ("ends", "end"),
        ("claer", "clear"),
    ] {
        let expected = format!("did you mean \"{nearest}\"?");
        assert!(sentence(line).ends_with(&expected), "{line}: {}", sentence(line));
    }
    assert_eq!(sentence("xyzzy all"), "there is no command \"xyzzy\"; \"help\" lists them");
    assert_eq!(sentence("kik"), "there is no command \"kik\"; did you mean \"kick\"?");
    assert_eq!(sentence("help kik"), "there is no command \"kik\"; did you mean \"kick\"?");
    assert_eq!(parse("  \t "), Err(CommandError::Empty));
}

#[test]
fn half_a_command_is_refused_with_its_form() {
    for (line, expected) in [
        ("kick", "\"kick\" is incomplete; write \"kick WHO\""),
        ("mute", "\"mute\" is incomplete; write \"mute WHO [SPAN]\""),
        ("say  ", "\"say\" is incomplete; write \"say TEXT\""),
        ("slow", "\"slow\" is incomplete; write \"slow SPAN|off\""),
        ("lobby", "\"lobby\" is incomplete; write \"lobby on|off\""),
        ("admit", "\"admit\" is incomplete; write \"admit WHO|all\""),
        ("revoke", "\"revoke\" is incomplete; write \"revoke N\""),
        ("end in", "\"end\" is incomplete; write \"end [in SPAN]\""),
    ] {
        assert_eq!(sentence(line), expected);
    }
}

#[test]
fn what_follows_a_command_without_a_meaning_is_refused() {
    for (line, expected) in [
        ("lock now", "\"lock\" does not take \"now\"; write \"lock\""),
        ("panic please", "\"panic\" does not take \"please\"; write \"panic\""),
        ("clear all", "\"clear\" does not take \"all\"; write \"clear\""),
        ("end 10m", "\"end\" does not take \"10m\"; write \"end [in SPAN]\""),
        ("end now", "\"end\" does not take \"now\"; write \"end [in SPAN]\""),
        ("end in 10m please", "\"end\" does not take \"please\"; write \"end [in SPAN]\""),
        ("lobby maybe", "\"lobby\" does not take \"maybe\"; write \"lobby on|off\""),
        ("invite 30m 5", "\"invite\" does not take \"5\"; write \"invite [N] [SPAN]\""),
        ("kick \"Ana\" Bo", "\"kick\" does not take \"Bo\"; write \"kick WHO\""),
        ("revoke 0", "\"0\" is no number from 1 on; write \"revoke N\""),
        ("revoke -1", "\"-1\" is no number from 1 on; write \"revoke N\""),
        ("revoke 4294967296", "\"4294967296\" is no number from 1 on; write \"revoke N\""),
        ("invite 0", "\"0\" is no number from 1 on; write \"invite [N] [SPAN]\""),
        ("invite 10001", "an invite is for at most 10000 people"),
        ("kick \"Ana", "a quotation mark (\") is missing behind the name"),
        ("mute \"Ana 10m", "a quotation mark (\") is missing behind the name"),
    ] {
        assert_eq!(sentence(line), expected);
    }
}

#[test]
fn each_mistake_in_a_span_has_its_sentence() {
    let units = "write seconds as 30s, minutes as 10m, hours as 2h";
    for (word, expected) in [
        ("10", "lacks a unit; write 10s, 10m or 10h".to_owned()),
        ("0s", "is no time; the shortest is 1s".to_owned()),
        ("00h", "is no time; the shortest is 1s".to_owned()),
        ("-5m", "is negative; write it without the minus sign".to_owned()),
        ("-5", "is negative; write it without the minus sign".to_owned()),
        (
            "1.5h",
            "has a fraction; write a whole number, such as 90m for an hour and a half".to_owned(),
        ),
        (
            "1,5h",
            "has a fraction; write a whole number, such as 90m for an hour and a half".to_owned(),
        ),
        ("10000h", "is too long; the longest is a year, 8784h".to_owned()),
        ("99999999999s", "is too long; the longest is a year, 8784h".to_owned()),
        ("99999999999", "is too long; the longest is a year, 8784h".to_owned()),
        ("3d", format!("has an unknown unit; {units}")),
        ("1h30m", format!("has an unknown unit; {units}")),
        ("5min", format!("has an unknown unit; {units}")),
        ("soon", format!("is no time; {units}")),
        ("m", format!("is no time; {units}")),
        ("٣m", format!("is no time; {units}")),
    ] {
        for command in ["slow", "fade", "end in"] {
            assert_eq!(sentence(&format!("{command} {word}")), format!("\"{word}\" {expected}"));
        }
        assert_eq!(sentence(&format!("mute 3 {word}")), format!("\"{word}\" {expected}"));
    }
    let expected = "\"3d\" has an unknown unit; write seconds as 30s, minutes as 10m, hours as 2h; \
                    or write the name in quotation marks";
    assert_eq!(sentence("mute Agent 3d"), expected);
}

#[test]
fn long_and_unprintable_lines_are_refused_and_not_repeated() {
    let long = format!("say {}", "x".repeat(10_000));
    assert_eq!(sentence(&long), "a command has at most 4096 bytes, and this one 10004; shorten it");
    assert!(parse(&format!("say {}", "x".repeat(4092))).is_ok());
    let unknown = sentence(&"x".repeat(4096));
    assert!(unknown.len() < 100 && unknown.contains('…'), "{unknown}");
    for line in
        ["kick \u{1b}[31mAna", "ki\u{7}ck 3", "\u{1}", "kick 3\nkick 4", "lock\r\nx", "who\0"]
    {
        assert!(matches!(parse(line), Err(CommandError::ControlCharacter(_))), "{line:?}");
    }
    assert_eq!(sentence("\u{1b}c"), "a command has no control characters; leave out \\u{1b}");
    assert_eq!(
        sentence("\u{202e}kik"),
        "there is no command \"\\u{202e}kik\"; did you mean \"kick\"?"
    );
}

proptest! {
    /// Also those that a client sends, or a script.
    #[test]
    fn sentences_are_short_and_printable(
        word in "(|kick|mute|help|end|lobby|invite|revoke|slow) ",
        rest in any::<String>(),
    ) {
        for line in [rest.clone(), word.clone() + &rest] {
            if let Err(error) = parse(&line) {
                let sentence = error.to_string();
                prop_assert!(sentence.len() < 600 && is_printable(&sentence), "{}", sentence);
            }
        }
    }

    /// Only the whole word runs them: not a near one, not a part, not with something behind it.
    #[test]
    fn what_cannot_be_taken_back_is_never_run_by_mistake(
        line in "[ ]?[pancielrdPANCd]{0,6}[ ]?[a-z0-9 ]{0,4}",
    ) {
        let word = line.trim().to_lowercase();
        match parse(&line) {
            Ok(Command::Panic) => prop_assert_eq!(word, "panic"),
            Ok(Command::End(None)) => prop_assert_eq!(word, "end"),
            Ok(Command::Clear) => prop_assert_eq!(word, "clear"),
            Ok(_) | Err(_) => {}
        }
    }
}
