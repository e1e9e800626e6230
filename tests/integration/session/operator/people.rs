//! `who`, `say`, `kick`, `mute`, `unmute` in an open room.

use super::super::ends::child;
use super::super::guest::{Guest, read_lines, try_join};
use super::super::stage::Stage;
use super::Operator;
use crate::harness::cloudflared::HAPPY;
use crate::harness::signal;

#[test]
fn who_lists_everyone_by_number_and_by_what_they_are_connected() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    assert_eq!(operator.done("who"), "no one is in the room");
    let mut ana = Guest::join(&operator.link, "Ana");
    ana.say("hello");
    operator.event("joined");
    operator.done("mute 1 10m");
    let text = operator.done("who");
    assert!(text.starts_with("1 in the room\n   1  Ana #"), "{text}");
    assert!(text.contains(" · poll · since ") && text.ends_with(" · muted for 10 min"), "{text}");
    let who = operator.who();
    let listed = &who["participants"][0];
    assert_eq!((&listed["number"], &listed["name"]), (&1.into(), &"Ana".into()), "{who}");
    assert_eq!((&listed["by"], &listed["muted"]), (&"poll".into(), &true.into()), "{who}");
    assert!((1..=600).contains(&listed["muted_seconds"].as_u64().unwrap()), "{who}");
    assert_eq!(who["waiting"], serde_json::json!([]));
    operator.end();
    stage.assert_nothing_left();
}

#[test]
fn an_announcement_reaches_everyone_and_no_record() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let ana = Guest::join(&operator.link, "Ana");
    let text = "the talk begins in five minutes";
    assert_eq!(operator.done(&format!("say {text}")), "announcement sent");
    operator.event("announced");
    let line = ana.recv("announced");
    assert_eq!(line["body"], text);
    let ended = operator.end();
    assert!(!format!("{ended:?}").contains(text), "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn one_who_is_removed_is_out_and_their_token_void() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let mut ana = Guest::join(&operator.link, "Ana");
    operator.event("joined");
    let bob = Guest::join(&operator.link, "Bob");
    operator.event("joined");
    // Held, unless it comes after the command.
    let poll = ana.poll_after(2);
    let text = operator.done("kick ana");
    assert!(text.starts_with("removed Ana #"), "{text}");
    assert!(text.ends_with("lock, lobby on or relink keeps them out"), "{text}");
    assert_eq!(operator.event("kicked")["participant"]["name"], "Ana");
    operator.event("left");
    let lines = read_lines(poll);
    assert_eq!(lines.last().unwrap()["t"], "removed", "{lines:?}");
    // And whenever the token is used again.
    assert_eq!(ana.recv("removed")["t"], "removed");
    bob.recv_where(|line| line["t"] == "left" && line["n"] == 1);
    // The name stays taken.
    let lines = try_join(&operator.link, "Ana");
    assert!(!lines.iter().any(|line| line["t"] == "welcome"), "{lines:?}");
    assert_eq!(operator.refused("kick ana"), "ana is not here; \"who\" lists everyone");
    operator.end();
    stage.assert_nothing_left();
}

#[test]
fn a_name_of_no_one_and_one_of_two_people_are_refused() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    for name in ["Ana", "ANNA"] {
        let _guest = Guest::join(&operator.link, name);
        operator.event("joined");
    }
    for command in ["kick 7", "mute Zoe", "unmute 9", "kick \"3\""] {
        operator.refused(command);
    }
    assert_eq!(operator.done("unmute 1"), "Ana is not muted");
    operator.end();
}

/// One who has left keeps a seat, and is removed and muted by their number all the same.
#[test]
fn one_who_is_away_is_muted_and_removed() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let ana = Guest::join(&operator.link, "Ana");
    operator.event("joined");
    ana.leave();
    operator.event("left");
    let reply = operator.give("kick 1");
    assert_eq!(reply.kind, "done", "{reply:?}");
    assert!(operator.refused("mute 1").contains('1'));
    operator.end();
}

/// A room that hangs keeps no operator waiting.
#[test]
fn who_is_answered_without_the_room() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let _ana = Guest::join(&operator.link, "Ana");
    operator.event("joined");
    signal("STOP", child(operator.session.pid(), "chattrace-serve"));
    let who = operator.who();
    assert_eq!(who["participants"][0]["name"], "Ana", "{who}");
    assert!(who["participants"][0]["by"].is_null(), "{who}");
    operator.end();
}
