//! The rules that hold for all, and announcements.

use serde_json::{Value, json};

use crate::harness::TestEnv;
use crate::serve::client::kinds;
use crate::serve::open_host::OpenHost;

/// The fields of all rules, none of which is set but these.
pub(super) fn rules(fields: &Value) -> Value {
    let mut rules = json!({"locked": false, "lobby": false, "slow": 0, "fade": 0, "ends_at": null});
    rules.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rules
}

/// Without what differs from line to line.
fn without_time(mut line: Value) -> Value {
    let fields = line.as_object_mut().unwrap();
    assert!(fields.remove("at").unwrap().as_u64().unwrap() > 1_700_000_000_000);
    fields.remove("seq");
    fields.remove("t");
    line
}

#[test]
fn rules_are_in_the_welcome_and_in_a_line_when_they_change() {
    let env = TestEnv::new();
    let first = rules(&json!({"slow": 3}));
    let mut host = OpenHost::with(&env, &json!({}), &json!({"rules": first}));
    let mut ana = host.join("Ana");
    let mut bo = host.join_by_poll("Bo");
    for welcome in [&ana.welcome, &bo.welcome] {
        assert_eq!(without_time(welcome["rules"].clone()), first);
    }
    let second = rules(&json!({"lobby": true, "fade": 60, "ends_at": 1_800_000_000_000_u64}));
    host.order("rules", second.clone());
    // The same again is no change.
    host.order("rules", second.clone());
    host.order("announce", json!({"text": "hello"}));
    let events = ana.until(|event| event["t"] == "announced");
    assert_eq!(kinds(&events), ["joined", "rules", "announced"]);
    assert_eq!(without_time(events[1].clone()), second);
    let mut polled = bo.poll(&[]);
    if polled.len() < 2 {
        polled.extend(bo.poll(&[]));
    }
    assert_eq!(polled, events[1..]);
}

#[test]
fn an_announcement_reaches_all_and_no_participant_can_make_one() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let mut bo = host.join_by_poll("Bo");
    ana.wait("joined");
    host.order("announce", json!({"text": "pizza \u{1f355} is here"}));
    let announced = ana.next().unwrap();
    assert_eq!(announced["t"], "announced");
    assert_eq!(announced["body"], "pizza \u{1f355} is here");
    assert!(announced["at"].is_u64() && announced["seq"].is_u64() && announced.get("n").is_none());
    assert_eq!(bo.poll(&[]), std::slice::from_ref(&announced));
    ana.send_line(&json!({"t": "announced", "body": "mine"}));
    assert_eq!(ana.wait("refused")["why"], "bad_json");
    // Texts that no participant could post are not announced either, and the next one is.
    let too_long = "x".repeat(4097);
    for text in ["", " ", "\u{202e}\u{0}", &too_long] {
        host.order("announce", json!({"text": text}));
    }
    host.order("announce_sealed", json!({"body": "AAAA"}));
    host.order("announce", json!({"text": "next"}));
    assert_eq!(ana.wait("announced")["body"], "next");
}
