//! A room that was taken over, against the supervisor: what it reports about the operator's orders.

use std::io::{BufRead as _, Write as _};

use super::super::ctl::ctl;
use super::super::hostile::{assert_harmless, room, with_hostile};
use super::super::stage::{Link, Stage, watched};
use super::connect;
use crate::harness::cloudflared::HAPPY;

const SERVE: &str = "chattrace-serve";

fn report(fields: &str) -> String {
    format!("say {{\"type\":\"operator\",{fields}}}")
}

fn waits(number: u32, name: &str) -> String {
    report(&format!(
        r#""report":"waits","participant":{{"number":{number},"name":"{name}","tag":"k7q"}}"#
    ))
}

/// Runs a session in `mode` with a room that says `lines`, and asserts that they end it.
fn assert_ends(mode: &str, lines: &str, words: &str) {
    let stage = Stage::new(HAPPY);
    let mut command = with_hostile(&stage, SERVE, &room(lines));
    command.args(["--tunnel", "none", mode]);
    let ended = watched(&command).wait().expect_code(70);
    assert!(ended.stderr.contains(words), "{lines}: {ended:#?}");
    assert_harmless(&ended, lines);
    stage.assert_nothing_left();
}

#[test]
fn what_cannot_be_ends_the_session() {
    let unasked = r#""report":"connections","request":1,"connections":[],"is_last":true"#;
    assert_ends("--open", &report(unasked), "answered a question that was not asked");
    let used = r#""report":"link_used","link":1"#;
    assert_ends("--open", &report(used), "reported the use of a link that there was not");
    let two = format!("{}\n{}", waits(1, "Ana"), waits(1, "Bob"));
    assert_ends("--open", &two, "gave one number to two participants");
    assert_ends("--sealed", &waits(1, "Ana"), "out of order");
    assert_ends("--sealed", &report(used), "out of order");
    let bad_name = waits(1, "nothing\\nremains");
    assert_ends("--open", &bad_name, "an invalid message");
}

/// It says that a thousand people wait, and answers no question: the operator is answered all the same, and
/// the list is short.
#[test]
fn a_flood_of_people_who_wait_is_a_short_list() {
    let stage = Stage::new(HAPPY);
    let crowd: Vec<String> =
        (1..1000).map(|number| waits(number, &format!("Ana {number}"))).collect();
    let mut command = with_hostile(&stage, SERVE, &room(&crowd.join("\n")));
    command.args(["--tunnel", "none", "--open"]);
    let mut session = watched(&command);
    Link::printed(&mut session);
    session.stdout_line_with("\"number\":999");
    session.stderr_line_with("more came to the lobby; 32 wait");
    let mut client = connect(&stage);
    client.get_mut().write_all(b"{\"id\":1,\"type\":\"do\",\"command\":\"who\"}\n").unwrap();
    let mut answer = String::new();
    client.read_line(&mut answer).unwrap();
    assert!(answer.contains("no one is in the room\\n32 waiting\\n"), "{answer}");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.matches("waits in the lobby").count() < 20, "{ended:#?}");
    assert_harmless(&ended, "a flood");
    stage.assert_nothing_left();
}

/// No room of ours has two people of one name; one that was taken over may say so.
#[test]
fn a_name_that_two_people_have_is_refused_with_both_shown() {
    let stage = Stage::new(HAPPY);
    let joined = |number: u32, name: &str, tag: &str| {
        let participant = format!(r#"{{"number":{number},"name":"{name}","tag":"{tag}"}}"#);
        format!(r#"say {{"type":"joined","participant":{participant},"present":{number}}}"#)
    };
    let lines = [joined(1, "Ana", "k7q"), joined(2, "Ana", "p9d"), joined(3, "ANA", "x3x")];
    let mut command = with_hostile(&stage, SERVE, &room(&lines.join("\n")));
    command.args(["--tunnel", "none", "--open"]);
    let mut session = watched(&command);
    Link::printed(&mut session);
    session.stdout_line_with("\"number\":3");
    let both = "there are Ana#k7q (1), Ana#p9d (2); write the number of one\n";
    let refused = ctl(&stage, &["mute", "Ana"]).expect_code(1);
    assert!(refused.stderr.ends_with(both), "{refused:#?}");
    for who in ["ANA", "Ana#p9d", "1"] {
        let muted = ctl(&stage, &["mute", who]).expect_code(0);
        assert!(muted.stdout.starts_with("muted "), "{who}: {muted:#?}");
    }
    let three = ctl(&stage, &["mute", "ana"]).expect_code(1);
    for one in ["Ana#k7q (1)", "Ana#p9d (2)", "ANA#x3x (3)"] {
        assert!(three.stderr.contains(one), "{three:#?}");
    }
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert_harmless(&ended, "two of one name");
    stage.assert_nothing_left();
}
