//! `lock`, `lobby`, `slow`, `fade`, `clear`: what is so is said once on each side.

use super::super::guest::{Guest, try_join};
use super::super::stage::{Stage, events};
use super::Operator;
use crate::harness::cloudflared::HAPPY;

#[test]
fn every_rule_is_answered_reported_and_told_to_those_inside() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let cases = [
        ("lock", "locked", true.into()),
        ("unlock", "locked", false.into()),
        ("lobby on", "lobby", true.into()),
        ("lobby off", "lobby", false.into()),
        ("slow 30s", "slow", 30.into()),
        ("slow off", "slow", serde_json::Value::from(0)),
        ("fade 10m", "fade", 600.into()),
        ("fade off", "fade", 0.into()),
    ];
    // Each has a guest of its own, who came before the room was locked.
    let guests = cases.each_ref().map(|(command, ..)| {
        Guest::join(&operator.link, &format!("Ana {}", command.replace(' ', "")))
    });
    for ((command, key, value), guest) in cases.into_iter().zip(guests) {
        let text = operator.done(command);
        assert_eq!(operator.event("rules")[key], value, "{command}");
        guest.recv_where(|line| line["t"] == "rules" && line[key] == value);
        // Once more: nothing is new, and the same is so.
        assert_eq!(operator.done(command), text);
    }
    let ended = operator.end();
    let rules = events(&ended).iter().filter(|event| event["event"] == "rules").count();
    assert_eq!(rules, 8, "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn a_locked_room_lets_no_newcomer_in() {
    for mode in ["--open", "--sealed"] {
        let stage = Stage::new(HAPPY);
        let mut operator = Operator::start(&stage, &[mode]);
        operator.done("lock");
        operator.wait_for_room();
        if mode == "--open" {
            let lines = try_join(&operator.link, "Ana");
            assert_eq!(lines[0]["why"], "locked", "{lines:?}");
            operator.done("unlock");
            operator.wait_for_room();
            Guest::join(&operator.link, "Ana");
        }
        operator.end();
    }
}

#[test]
fn clearing_is_told_to_those_inside() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let mut ana = Guest::join(&operator.link, "Ana");
    ana.say("gone");
    assert_eq!(operator.done("clear"), "cleared: everything said so far is forgotten");
    operator.event("cleared");
    ana.recv("cleared");
    let welcome = try_join(&operator.link, "Bob");
    assert!(!format!("{welcome:?}").contains("gone"), "{welcome:?}");
    operator.end();
}
