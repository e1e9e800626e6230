//! What the operator orders in a sealed room: serve carries it out by numbers.

use serde_json::{Value, json};

use super::host::{Host, bytes, knock_line, request_line, short_box};
use crate::harness::TestEnv;
use crate::serve::client::{Client, kinds};
use crate::serve::open_host::order_message;

fn order(host: &mut Host, order: &str, fields: Value) {
    host.send(&order_message(order, fields));
}

fn say(reference: &str, generation: u32, number: u32, counter: u32) -> Value {
    json!({"t": "say", "ref": reference, "body": short_box(generation, number, counter)})
}

/// Without what differs from line to line.
fn slow_in(line: &Value) -> (bool, u64) {
    (line["at"].as_u64().unwrap() > 1_700_000_000_000, line["slow"].as_u64().unwrap())
}

fn refused(client: &mut Client) -> Value {
    client.wait("refused")
}

#[test]
fn rules_are_in_both_welcomes_and_in_a_line_when_they_change() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    assert_eq!(slow_in(&ana.welcome["rules"]), (true, 0));
    let slow = json!({"locked": false, "lobby": false, "slow": 5, "fade": 0, "ends_at": null});
    order(&mut host, "rules", slow.clone());
    order(&mut host, "rules", slow);
    order(&mut host, "announce_sealed", json!({"body": short_box(1, 0, 1)}));
    let events = ana.until(|event| event["t"] == "announced");
    assert_eq!(kinds(&events), ["rules", "announced"]);
    assert_eq!(slow_in(&events[0]), (true, 5));
    assert_eq!(events[1]["body"], short_box(1, 0, 1));
    assert!(events[1]["at"].is_u64());
    // To the present, and on in the ring.
    let seq = events[1]["seq"].as_u64();
    let welcome = ana.disconnect();
    let ana = host.returned(&welcome, seq);
    assert!(ana.welcome.get("roster").is_none());
    assert_eq!(slow_in(&ana.welcome["rules"]), (true, 5));
    let welcome = ana.disconnect();
    let ana = host.returned(&welcome, None);
    assert!(ana.welcome.get("roster").is_some());
    assert_eq!(slow_in(&ana.welcome["rules"]), (true, 5));
}

/// Nothing that has a text in it is carried out.
#[test]
fn an_order_of_an_open_room_does_nothing() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    order(&mut host, "announce", json!({"text": "in clear"}));
    order(&mut host, "admit", json!({"number": 1}));
    order(&mut host, "reject", json!({"number": 1}));
    order(&mut host, "announce_sealed", json!({"body": short_box(1, 0, 1)}));
    assert_eq!(ana.next().unwrap()["body"], short_box(1, 0, 1));
}

#[test]
fn a_removed_participant_is_told_and_closed_before_the_key_changes() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, number) = host.join();
    let (mut bo, _) = host.join();
    let (cy, cy_number) = host.join();
    order(&mut host, "remove", json!({"number": number}));
    let (events, code) = ana.rest();
    assert_eq!((events.last().unwrap()["t"].as_str(), code), (Some("removed"), Some(4004)));
    host.change(&[], &[number]);
    assert_eq!(bo.until(|event| event["went"] == json!([number])).len(), 2);
    // The host has decided it: serve reports nothing, now and when the token comes back.
    let (refused, code) = host.returning(&ana.welcome, None).rest();
    assert_eq!((code, &refused[0]["t"]), (Some(4004), &json!("removed")), "{refused:?}");
    // One who is away, and one between two polls, have no seat to return to.
    let away = cy.disconnect();
    order(&mut host, "remove", json!({"number": cy_number}));
    host.change(&[], &[cy_number]);
    bo.wait("keys");
    let answer = host.poll("?after=1", away["resume"].as_str(), &[]);
    assert_eq!(answer.status, 410);
    assert!(answer.body.contains("host has removed you"), "{}", answer.body);
    let (mut di, _) = host.join();
    di.send_line(&json!({"t": "beat"}));
    di.wait("beat");
}

/// Without an order: who `went` and is still present was removed.
#[test]
fn a_number_that_went_while_it_is_present_is_a_removal() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, number) = host.join();
    let (bo, bo_number) = host.join();
    let held = host.start_poll("?after=2", bo.welcome["resume"].as_str(), &[]);
    let mut bo = bo;
    assert_eq!(bo.rest().1, Some(4001));
    host.change(&[], &[number, bo_number]);
    let (events, code) = ana.rest();
    assert_eq!((events.last().unwrap()["t"].as_str(), code), (Some("removed"), Some(4004)));
    let mut held = held;
    assert_eq!(kinds(&held.response().events()), ["removed"]);
    let answer = host.poll("?after=2", bo.welcome["resume"].as_str(), &[]);
    assert_eq!((answer.status, &answer.events()[0]["t"]), (410, &json!("removed")));
}

/// The order arrives while the client waits for the host, or before it has taken its welcome.
#[test]
fn those_in_a_handshake_are_removed_as_soon_as_they_have_a_number() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    // No number yet: an order about one to come is about no one.
    let (mut early, knock) = host.requested();
    order(&mut host, "remove", json!({"number": 2}));
    assert_eq!(host.admit(&[knock]), [2]);
    early.welcome = early.wait("welcome");
    // Admitted and removed at once.
    let (mut late, knock) = host.requested();
    assert_eq!(host.admit(&[knock]), [3]);
    order(&mut host, "remove", json!({"number": 3}));
    host.change(&[], &[3]);
    let (events, code) = late.rest();
    let last = events.last().unwrap();
    assert_eq!((&last["t"], code), (&json!("removed"), Some(4004)), "{events:?}");
    assert!(last["text"].as_str().unwrap().contains("host has removed you"));
    ana.until(|event| event["went"] == json!([3]));
    // One who had left, and waits for the host's decision on a return.
    early.send_line(&json!({"t": "leave"}));
    assert_eq!(early.rest().1, Some(4001));
    assert_eq!(host.expect_number("gone"), 2);
    assert_eq!(host.expect_number("given_up"), 2);
}

#[test]
fn mutes_and_slow_mode_refuse_boxes_and_survive_returns() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, number) = host.join();
    let (mut bo, bo_number) = host.join();
    ana.wait("keys");
    order(&mut host, "mute", json!({"number": number, "seconds": 600}));
    assert_eq!(refused(&mut ana)["why"], "muted");
    ana.send_line(&say("a", 2, number, 1));
    let refusal = refused(&mut ana);
    assert_eq!((&refusal["why"], &refusal["ref"]), (&json!("muted"), &json!("a")));
    assert!((500..=600).contains(&refusal["seconds"].as_u64().unwrap()));
    // A return in the ring, and one to the present.
    let seq = ana.welcome["seq"].as_u64();
    for after in [seq, None] {
        let welcome = ana.disconnect();
        ana = host.returned(&welcome, after);
        assert_eq!(refused(&mut ana)["why"], "muted");
    }
    // By a poll, told once.
    let resume = ana.welcome["resume"].as_str().unwrap().to_owned();
    let line = json!({"t": "join", "resume": resume});
    let events = host.poll("", None, &[line]).events();
    assert_eq!(kinds(&events), ["welcome", "refused"]);
    let after = events[0]["seq"].as_u64().unwrap();
    let held = host.start_poll(&format!("?after={after}"), Some(&resume), &[]);
    bo.send_line(&say("b", 2, bo_number, 1));
    bo.wait("said");
    let mut held = held;
    assert_eq!(kinds(&held.response().events()), ["said"]);
    order(&mut host, "unmute", json!({"number": number}));
    let events = host.poll(&format!("?after={}", after + 1), Some(&resume), &[]).events();
    assert_eq!(events, [json!({"t": "unmuted"})]);
    order(
        &mut host,
        "rules",
        json!({"locked": false, "lobby": false, "slow": 600, "fade": 0, "ends_at": null}),
    );
    bo.wait("rules");
    for (counter, outcome) in [(2, "said"), (3, "refused")] {
        bo.send_line(&say(&format!("s{counter}"), 2, bo_number, counter));
        let event =
            bo.until(|event| event["t"] == "said" || event["t"] == "refused").pop().unwrap();
        assert_eq!(event["t"], outcome, "{event}");
    }
}

/// A mute that is ordered before the welcome is told after it.
#[test]
fn a_newcomer_may_be_muted_before_the_welcome() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut client, knock) = host.requested();
    order(&mut host, "mute", json!({"number": 1}));
    host.admit(&[knock]);
    assert_eq!(client.next().unwrap()["t"], "welcome");
    assert_eq!(client.next().unwrap()["why"], "muted");
}

#[test]
fn clear_forgets_the_boxes_and_keeps_the_keys() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, number) = host.join();
    let (bo, _) = host.join();
    let after = bo.welcome["seq"].as_u64();
    let bo = bo.disconnect();
    ana.wait("keys");
    ana.send_line(&say("a", 2, number, 1));
    ana.wait("said");
    host.change(&[], &[]);
    order(&mut host, "announce_sealed", json!({"body": short_box(3, 0, 1)}));
    order(&mut host, "clear", json!({}));
    ana.send_line(&say("b", 3, number, 2));
    ana.until(|event| event["ref"] == "b");
    let mut bo = host.returned(&bo, after);
    bo.expect_forgotten();
    let events = bo.until(|event| event["ref"] == "b");
    assert_eq!(kinds(&events), ["keys", "cleared", "said"]);
}

#[test]
fn connections_are_listed_by_number() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (_ana, _) = host.join();
    let (bo, _) = host.join();
    let mut bo = bo;
    let held = host.start_poll("?after=2", bo.welcome["resume"].as_str(), &[]);
    assert_eq!(bo.rest().1, Some(4001));
    order(&mut host, "list_connections", json!({"request": 7}));
    let list = host.recv();
    assert_eq!(
        list,
        json!({
            "type": "operator", "report": "connections", "request": 7,
            "connections": [[1, "page"], [2, "poll"]], "is_last": true,
        })
    );
    drop(held);
}

/// Sockets, held polls, handshakes and clients that wait for the host are all told, and the process is gone.
#[test]
fn panic_ends_handshakes_too() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut requested, _) = host.requested();
    let (mut answered, _) = host.answered();
    let polled = host.poll("", None, &[]);
    assert_eq!(polled.status, 400);
    let knock = host.start_poll("", None, &[knock_line()]);
    let token = {
        host.answer_next();
        let mut knock = knock;
        knock.response().events()[0]["knock"].as_str().unwrap().to_owned()
    };
    let waiting = host.start_poll("", Some(&token), &[request_line()]);
    host.expect_knock("request");
    order(&mut host, "panic", json!({}));
    assert_eq!(host.child.wait().unwrap().code(), Some(0));
    let (events, code) = ana.rest();
    assert_eq!((events.last().unwrap()["t"].as_str(), code), (Some("end"), Some(4000)));
    for client in [&mut requested, &mut answered] {
        let (events, code) = client.rest();
        assert_eq!((&events[0]["why"], code), (&json!("closing"), Some(4002)), "{events:?}");
    }
    let mut waiting = waiting;
    assert_eq!(waiting.response().events()[0]["why"], "closing");
}

/// Lines that are no message are ignored, and what follows is carried out.
#[test]
fn nonsense_from_the_channel_changes_nothing() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    for line in [
        json!({"type": "operator"}),
        json!({"type": "operator", "order": "dance"}),
        json!({"type": "operator", "order": "remove"}),
        json!({"type": "operator", "order": "remove", "number": -1}),
        json!({"type": "operator", "order": "remove", "number": "1"}),
        json!({"type": "operator", "order": "mute", "number": 1, "seconds": -1}),
        json!({"type": "operator", "order": "rules", "locked": true}),
        json!({"type": "operator", "order": "announce_sealed", "body": "?"}),
        json!({"type": "operator", "order": "announce_sealed", "body": bytes(9000, 1)}),
        json!({"type": "operator", "order": ["panic"]}),
        json!({"order": "panic"}),
        json!(null),
    ] {
        host.send(&line);
    }
    // The longest time: as good as for ever.
    order(&mut host, "mute", json!({"number": 1, "seconds": u64::MAX}));
    order(&mut host, "announce_sealed", json!({"body": short_box(1, 0, 1)}));
    let events = ana.until(|event| event["t"] == "announced");
    assert_eq!(events.len(), 2, "{events:?}");
}

#[test]
fn a_thousand_orders_at_once_are_carried_out_in_order() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut bo, _) = host.join();
    for counter in 1..=250 {
        order(&mut host, "mute", json!({"number": 1}));
        order(&mut host, "announce_sealed", json!({"body": short_box(2, 0, counter)}));
        order(&mut host, "unmute", json!({"number": 1}));
        let rules = json!({
            "locked": false, "lobby": false, "slow": 0, "fade": counter, "ends_at": null,
        });
        order(&mut host, "rules", rules);
    }
    for client in [&mut ana, &mut bo] {
        let events = client.until(|event| event["fade"] == 250);
        let announced: Vec<_> = events
            .iter()
            .filter(|event| event["t"] == "announced")
            .map(|event| &event["body"])
            .collect();
        assert_eq!(announced.len(), 250);
        assert!((1..).zip(announced).all(|(counter, body)| *body == short_box(2, 0, counter)));
    }
    ana.send_line(&say("a", 2, 1, 1));
    ana.until(|event| event["t"] == "said" && event["ref"] == "a");
}
