//! V-10, V-21: the room's process was taken over, and lies to the supervisor, which has the keys. The session
//! ends with one sentence, or goes on unharmed; it never panics, and no key leaves it.

use crate::harness::Output;
use crate::harness::cloudflared::HAPPY;
use crate::session::hostile::{assert_harmless, room, with_hostile};
use crate::session::stage::{Stage, watched};

/// A lie that always ends the session, so that a test knows when those before it were handled.
const LAST: &str = r#"say {"type":"sealed","message":"gone","number":4294967295}"#;

const UNKNOWN: &str = "reported a participant that there was not";
const NOT_UNDERSTOOD: &str = "sent an invalid message (";

fn zeros(count: usize) -> String {
    super::member::encode(&vec![0; count])
}

fn relay(fields: &str) -> String {
    format!(r#"say {{"type":"sealed",{fields}}}"#)
}

/// Runs a session whose room behaves until it is ready, and then follows these orders. It must end with 70
/// and a sentence of these words.
fn assert_ends(lies: &str, words: &str) -> Output {
    let stage = Stage::new(HAPPY);
    let mut command = with_hostile(&stage, "chattrace-serve", &room(lies));
    command.args(["--sealed", "--tunnel", "none"]);
    let ended = watched(&command).wait();
    let what: String = lies.chars().take(600).collect();
    assert_eq!(ended.code(), 70, "{what}: {ended:#?}");
    let said = format!("chattrace: chattrace-serve {words}");
    assert!(ended.stderr.lines().any(|line| line.starts_with(&said)), "{what}: {said}: {ended:#?}");
    assert!(!ended.stderr.contains("internal error"), "{what}: {ended:#?}");
    assert!(ended.stderr.contains("nothing remains"), "{what}: {ended:#?}");
    assert_harmless(&ended, &what);
    stage.assert_nothing_left();
    ended
}

#[test]
fn a_field_that_breaks_its_bound_ends_the_session() {
    let long = zeros(97);
    for fields in [
        r#""message":"knock""#.to_owned(),
        r#""message":"knock","knock":0,"link":0,"noise":""}"#.to_owned(),
        format!(r#""message":"knock","knock":0,"link":0,"noise":"{}""#, zeros(48)),
        format!(r#""message":"knock","knock":-1,"link":0,"noise":"{}""#, zeros(48)),
        format!(r#""message":"knock","knock":9007199254740992,"link":0,"noise":"{}""#, zeros(48)),
        format!(r#""message":"knock","knock":1,"link":0,"noise":"{long}""#),
        format!(r#""message":"knock","knock":1,"link":0,"noise":"{}=""#, zeros(48)),
        r#""message":"knock","knock":1,"link":0,"noise":"AB""#.to_owned(),
        r#""message":"knock","knock":1,"link":0,"noise":7"#.to_owned(),
        r#""message":"knock","knock":1,"link":0,"noise":null"#.to_owned(),
        format!(r#""message":"knock","knock":1,"link":0,"noise":"{}","more":1"#, zeros(48)),
        format!(r#""message":"request","knock":1,"sealed":"{}""#, zeros(8221)),
        r#""message":"request","knock":1,"sealed":"+/""#.to_owned(),
        r#""message":"request","sealed":"""#.to_owned(),
        r#""message":"knock_ended""#.to_owned(),
        r#""message":"knock_ended","knock":1.5"#.to_owned(),
        r#""message":"gone","number":-1"#.to_owned(),
        r#""message":"gone","number":4294967296"#.to_owned(),
        r#""message":"gone","number":"1""#.to_owned(),
        r#""message":"gone","number":1,"number":1"#.to_owned(),
        r#""message":"returns""#.to_owned(),
        r#""message":"given_up","number":null"#.to_owned(),
        r#""message":"keys","generation":1,"went":[]"#.to_owned(),
        r#""message":"admit","newcomers":[[1,1]]"#.to_owned(),
        r#""message":7"#.to_owned(),
        r#""message":"\u001b[2J""#.to_owned(),
        r#""message":"gone","message":"gone","number":1"#.to_owned(),
    ] {
        assert_ends(&relay(&fields), NOT_UNDERSTOOD);
    }
    assert_ends(r#"say {"type":"sealed"}"#, NOT_UNDERSTOOD);
    let endless = relay(&format!(r#""message":"request","knock":1,"sealed":"{}""#, zeros(13_000)));
    assert_ends(&endless, "sent a line that is too long");
}

#[test]
fn a_report_on_a_participant_who_never_was_ends_the_session() {
    for message in ["gone", "given_up", "returns"] {
        for number in ["0", "1", "4294967295"] {
            let lie = relay(&format!(r#""message":"{message}","number":{number}"#));
            assert_ends(&lie, UNKNOWN);
        }
    }
}

/// What an open room reports.
#[test]
fn the_messages_of_an_open_room_end_the_session() {
    for kind in ["joined", "left"] {
        let participant = r#"{"number":1,"name":"Ana","tag":"abc"}"#;
        let lie = format!(r#"say {{"type":"{kind}","participant":{participant},"present":1}}"#);
        assert_ends(&lie, "sent \"");
    }
}

#[test]
fn a_number_for_two_knocks_ends_the_session() {
    let knock = |knock: &str| {
        relay(&format!(r#""message":"knock","knock":{knock},"link":0,"noise":"{}""#, zeros(48)))
    };
    let lies = [knock("7"), knock("7")].join("\n");
    assert_ends(&lies, "gave one number to two knocks");
}

/// Handshakes that nobody began. No one is shown to the operator.
#[test]
fn invented_handshakes_change_nothing() {
    let flood = |fields: &str| format!("flood 1000 {{\"type\":\"sealed\",{fields}}}");
    let lies = [
        flood(&format!(r#""message":"knock","knock":{{n}},"link":0,"noise":"{}""#, zeros(48))),
        flood(&format!(r#""message":"request","knock":{{n}},"sealed":"{}""#, zeros(272))),
        flood(r#""message":"knock_ended","knock":{n}"#),
        relay(r#""message":"knock","knock":1001,"link":0,"noise":"""#),
        relay(&format!(
            r#""message":"knock","knock":9007199254740991,"link":0,"noise":"{}""#,
            zeros(96)
        )),
        relay(r#""message":"knock_ended","knock":77777"#),
        relay(&format!(r#""message":"request","knock":88888,"sealed":"{}""#, zeros(8220))),
        relay(r#""message":"request","knock":89,"sealed":"""#),
        LAST.to_owned(),
    ];
    let ended = assert_ends(&lies.join("\n"), UNKNOWN);
    assert!(!ended.stdout.contains("joined"), "{ended:#?}");
}

/// A relay that asks, and does not read what the host answers.
#[test]
fn a_relay_that_only_asks_ends_the_session() {
    let knock = format!(r#""message":"knock","knock":{{n}},"link":0,"noise":"{}""#, zeros(48));
    let lies = format!("flood 50000 {{\"type\":\"sealed\",{knock}}}");
    assert_ends(&lies, "does not read its messages");
}

/// A room that is open gets no such message.
#[test]
fn the_messages_of_a_sealed_room_end_an_open_session() {
    let stage = Stage::new(HAPPY);
    let lie = relay(r#""message":"knock_ended","knock":1"#);
    let mut command = with_hostile(&stage, "chattrace-serve", &room(&lie));
    command.args(["--open", "--tunnel", "none"]);
    let ended = watched(&command).wait().expect_code(70);
    assert!(ended.stderr.contains("chattrace: chattrace-serve sent \"sealed\""), "{ended:#?}");
    stage.assert_nothing_left();
}
