//! Participants whom the operator mutes, and slow mode.

use serde_json::{Value, json};

use super::rules::rules;
use crate::harness::TestEnv;
use crate::serve::client::{Client, kinds};
use crate::serve::http::{Poller, say};
use crate::serve::open_host::OpenHost;

/// What a participant reads who is muted and has not said anything.
fn check_muted(line: &Value, seconds: Option<u64>) {
    assert_eq!((&line["t"], &line["why"]), (&json!("refused"), &json!("muted")), "{line}");
    assert!(line.get("ref").is_none() && line["text"].as_str().unwrap().contains("muted"));
    match (seconds, line.get("seconds").and_then(Value::as_u64)) {
        (None, None) => {}
        (Some(most), Some(left)) => assert!((1..=most).contains(&left), "{line}"),
        (expected, found) => panic!("{expected:?} {found:?}"),
    }
}

/// Says something, and returns the refusal.
fn refused(client: &mut Client, body: &str) -> Value {
    client.say_as("r", body);
    let refused = client.until(|event| event["ref"] == "r").pop().unwrap();
    assert_eq!(refused["t"], "refused", "{refused}");
    refused
}

#[test]
fn a_muted_socket_is_told_refused_and_told_again_after_each_return() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let mut bo = host.join("Bo");
    ana.say("before");
    ana.until_said("before");
    host.order("mute", json!({"number": 1, "seconds": 600}));
    check_muted(&ana.wait("refused"), Some(600));
    let refusal = refused(&mut ana, "while muted");
    assert_eq!(refusal["why"], "muted");
    assert!((500..=600).contains(&refusal["seconds"].as_u64().unwrap()));
    // The mute survives a disconnect; its time goes on.
    let welcome = ana.disconnect();
    let mut ana = host.returned(&welcome, None);
    check_muted(&ana.next().unwrap(), Some(600));
    // Also after a leave that the others saw, and without an end.
    host.order("mute", json!({"number": 1}));
    check_muted(&ana.next().unwrap(), None);
    let welcome = ana.disconnect();
    let mut ana = host.returned(&welcome, None);
    check_muted(&ana.next().unwrap(), None);
    assert!(refused(&mut ana, "still muted").get("seconds").is_none());
    host.order("unmute", json!({"number": 1}));
    assert_eq!(ana.next().unwrap(), json!({"t": "unmuted"}));
    ana.say("after");
    let heard = bo.until_said("after");
    // Nothing of it concerns the others.
    assert!(heard.iter().all(|event| event["t"] == "said"), "{heard:?}");
    assert_eq!(heard.len(), 2);
}

/// A mute ends by itself: the room says so within a second or two.
#[test]
fn the_end_of_a_mute_is_told() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    host.order("mute", json!({"number": 1, "seconds": 1}));
    check_muted(&ana.next().unwrap(), Some(1));
    assert_eq!(ana.next().unwrap(), json!({"t": "unmuted"}));
    ana.say("again");
    ana.until_said("again");
    // One of no time is over at once, and is told as such.
    host.order("mute", json!({"number": 1, "seconds": 0}));
    assert_eq!(ana.next().unwrap(), json!({"t": "unmuted"}));
}

/// What was said before the order is read before it, also by a reader who has missed events.
#[test]
fn a_poll_is_told_once_and_at_its_place() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join_by_poll("Ana");
    let mut bo = host.join("Bo");
    // Held, and answered because of the order.
    let held = ana.start(&[]);
    host.order("mute", json!({"number": 1, "seconds": 600}));
    let mut events = ana.finish(held);
    if kinds(&events) == ["joined"] {
        events = ana.poll(&[]);
    }
    check_muted(events.last().unwrap(), Some(600));
    // A poll that goes on is not told again: it would never be held.
    let held = ana.start(&[]);
    bo.say("meanwhile");
    let events = ana.finish(held);
    assert_eq!(kinds(&events), ["said"]);
    let refused = ana.poll(&[say("r", "muted")]);
    assert_eq!((&refused[0]["why"], &refused[0]["ref"]), (&json!("muted"), &json!("r")));
    // Away between two polls: the line waits behind what was said before.
    bo.say("one");
    bo.until_said("one");
    host.order("unmute", json!({"number": 1}));
    host.order("announce", json!({"text": "two"}));
    bo.wait("announced");
    let events = ana.poll(&[]);
    let kinds = kinds(&events);
    assert_eq!((kinds[0], kinds.len()), ("said", 3), "{events:?}");
    assert!(kinds.contains(&"unmuted") && kinds.contains(&"announced"), "{events:?}");
    let said = ana.poll(&[say("s", "again")]);
    assert_eq!(said[0]["body"], "again");
}

/// A page that is loaded again joins with its resume token, by a poll as well.
#[test]
fn a_page_that_returns_by_a_poll_is_told_again() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    host.order("mute", json!({"number": 1}));
    check_muted(&ana.wait("refused"), None);
    let mut join = crate::serve::open_host::join_line("Ana");
    join["resume"] = ana.welcome["resume"].clone();
    let events = host.request("POST /poll", &join.to_string()).events();
    assert_eq!(kinds(&events), ["welcome", "refused"]);
    check_muted(&events[1], None);
    assert_eq!(ana.rest().1, Some(4001));
}

#[test]
fn orders_about_people_who_are_not_there_have_no_effect() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    for order in ["remove", "mute", "unmute", "admit", "reject"] {
        for number in [0, 2, u32::MAX] {
            host.order(order, json!({"number": number}));
        }
    }
    // Never muted.
    host.order("unmute", json!({"number": 1}));
    host.order("announce", json!({"text": "over"}));
    assert_eq!(ana.next().unwrap()["t"], "announced");
    let mut bo = host.join("Bo");
    bo.say("hello");
    bo.until_said("hello");
}

/// Opposite orders in one write: the last one counts, and is told.
#[test]
fn of_opposite_orders_in_one_instant_the_last_one_counts() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let mut bo = host.join("Bo");
    let mute = json!({"number": 1});
    host.orders(&[("mute", mute.clone()), ("unmute", mute.clone())]);
    ana.say("spoken");
    bo.until_said("spoken");
    ana.until_said("spoken");
    host.orders(&[
        ("unmute", mute.clone()),
        ("mute", mute.clone()),
        ("announce", json!({"text": "x"})),
    ]);
    ana.wait("announced");
    assert_eq!(refused(&mut ana, "not spoken")["why"], "muted");
    host.orders(&[
        ("rules", rules(&json!({"locked": true}))),
        ("rules", rules(&json!({}))),
        ("mute", mute.clone()),
        ("remove", mute.clone()),
        ("unmute", mute),
    ]);
    let (events, code) = ana.rest();
    assert_eq!((events.last().unwrap()["t"].as_str(), code), (Some("removed"), Some(4004)));
    assert_eq!(bo.wait("left")["n"], 1);
}

#[test]
fn in_slow_mode_a_message_too_early_is_refused_with_the_seconds_that_are_left() {
    let env = TestEnv::new();
    let first = json!({"rules": rules(&json!({"slow": 3600}))});
    // Refused messages cost nothing of the rate: a burst of one message is left when slow mode ends.
    let rate = json!({"rate": {"per_second": 1, "burst": 2}});
    let mut host = OpenHost::with(&env, &rate, &first);
    let mut ana = host.join("Ana");
    let mut bo: Poller = host.join_by_poll("Bo");
    ana.say("one");
    ana.until_said("one");
    for _ in 0..10 {
        let refusal = refused(&mut ana, "two");
        assert_eq!(refusal["why"], "slow");
        assert!((3500..=3600).contains(&refusal["seconds"].as_u64().unwrap()), "{refusal}");
    }
    // A return is no way around it.
    let welcome = ana.disconnect();
    let mut ana = host.returned(&welcome, None);
    assert_eq!(refused(&mut ana, "two")["why"], "slow");
    // Everybody has a span of their own, over every transport.
    bo.poll(&[say("b", "mine")]);
    assert_eq!(bo.poll(&[say("c", "mine")])[0]["why"], "slow");
    // The host has none.
    host.order("announce", json!({"text": "a"}));
    host.order("announce", json!({"text": "b"}));
    host.order("rules", rules(&json!({})));
    ana.wait("rules");
    ana.say("two");
    ana.until_said("two");
}
