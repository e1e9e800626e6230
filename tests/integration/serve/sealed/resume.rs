//! Returning to a sealed room: in the ring, to the present, and after having left.

use serde_json::json;

use super::host::{EPOCH, Host, letter, part, short_box};
use crate::harness::TestEnv;
use crate::serve::client::{Client, kinds};

/// Letters are at their place in the order, also of generations that began during the absence.
#[test]
fn a_short_disconnect_is_silent_and_each_letter_is_the_readers_own() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (bo, _) = host.join();
    let after = bo.welcome["seq"].as_u64().unwrap();
    let welcome = bo.disconnect();
    ana.send_line(&json!({"t": "say", "body": short_box(2, 1, 1)}));
    ana.wait("said");
    let (_cy, _) = host.join();
    ana.wait("keys");
    ana.send_line(&json!({"t": "say", "body": short_box(3, 1, 2)}));
    ana.wait("said");
    let mut back = host.returned(&welcome, Some(after));
    let limits = &welcome["limits"];
    let (resume, mode) = (&welcome["resume"], "sealed");
    let expected = json!({
        "t": "welcome", "epoch": EPOCH, "mode": mode, "resume": resume, "seq": after, "limits": limits,
        "rules": back.welcome["rules"],
    });
    assert_eq!(back.welcome, expected);
    let events = back.until(|event| event["body"] == short_box(3, 1, 2));
    assert_eq!(kinds(&events), ["said", "keys", "said"]);
    assert_eq!(events[1]["letter"], letter(3, 2));
    // The host has learnt nothing of it: its next message is about the next knock.
    host.join();
}

#[test]
fn without_a_position_one_returns_to_the_present() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (bo, _) = host.join();
    let welcome = bo.disconnect();
    host.join();
    ana.send_line(&json!({"t": "say", "body": short_box(3, 1, 1)}));
    let seq = ana.wait("said")["seq"].clone();
    let mut back = host.returned(&welcome, None);
    assert_eq!(
        (&back.welcome["generation"], &back.welcome["letter"]),
        (&json!(3), &json!(letter(3, 2)))
    );
    assert_eq!(back.welcome["roster"], json!([part(3, 1), part(3, 2)]));
    assert_eq!((&back.welcome["seq"], &back.welcome["resume"]), (&seq, &welcome["resume"]));
    back.send_line(&json!({"t": "say", "body": short_box(3, 2, 1)}));
    assert_eq!(kinds(&back.until(|event| event["t"] == "said")), ["said"]);
}

/// One who is away for longer: the relay reports that after 30 s, and the host takes them off the roster.
fn departed(host: &mut Host) -> (Client, serde_json::Value, u64) {
    let (mut ana, _) = host.join();
    let (bo, number) = host.join();
    let after = bo.welcome["seq"].as_u64().unwrap();
    let welcome = bo.disconnect();
    assert_eq!(host.expect_number("gone"), number);
    host.change(&[], &[number]);
    assert_eq!(ana.until(|event| event["went"] == json!([number])).len(), 2);
    (ana, welcome, after)
}

#[test]
fn one_who_had_left_returns_by_the_hosts_decision_to_the_present() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, welcome, after) = departed(&mut host);
    ana.send_line(&json!({"t": "say", "body": short_box(3, 1, 1)}));
    ana.wait("said");
    // A second return of the same one takes the place of the first, and is not asked again.
    let mut first = host.returning(&welcome, Some(after));
    assert_eq!(host.expect_number("returns"), 2);
    let mut back = host.returning(&welcome, Some(after));
    assert_eq!(first.rest(), (vec![], Some(4001)));
    host.change(&[2], &[]);
    host.tell("readmit", json!({"numbers": [2]}));
    back.welcome = back.wait("welcome");
    assert_eq!(
        (&back.welcome["generation"], &back.welcome["letter"]),
        (&json!(4), &json!(letter(4, 2)))
    );
    // Nothing of the time between, and everything after it.
    ana.wait("keys");
    ana.send_line(&json!({"t": "say", "body": short_box(4, 1, 2)}));
    let events = back.until(|event| event["t"] == "said");
    assert_eq!((kinds(&events), &events[0]["body"]), (vec!["said"], &json!(short_box(4, 1, 2))));
    back.send_line(&json!({"t": "say", "body": short_box(4, 2, 1)}));
    back.wait("said");
}

#[test]
fn a_return_that_the_host_refuses_is_an_expired_session() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (_ana, welcome, after) = departed(&mut host);
    let mut back = host.returning(&welcome, Some(after));
    assert_eq!(host.expect_number("returns"), 2);
    host.tell("refuse_return", json!({"number": 2}));
    assert_eq!(super::host::refusal(&mut back)["why"], "bad_ticket");
    // The client that asked for the next one is gone when the host decides: it has left again after 30 s.
    host.returning(&welcome, None).disconnect();
    assert_eq!(host.expect_number("returns"), 2);
    host.change(&[2], &[]);
    host.tell("readmit", json!({"numbers": [2]}));
    assert_eq!(host.expect_number("gone"), 2);
}

#[test]
fn a_wrong_token_is_refused() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    host.join();
    for resume in ["1.AAAAAAAAAAAAAAAAAAAAAA", "2.AAAAAAAAAAAAAAAAAAAAAA", "", "x"] {
        let refused = host.refusal(&json!({"t": "join", "resume": resume}));
        assert_eq!(refused["why"], "bad_ticket", "{resume}");
    }
}

#[test]
fn a_newer_connection_takes_the_seat_and_the_host_can_take_it_away() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut bo, _) = host.join();
    let mut newer = host.returned(&bo.welcome, None);
    assert_eq!(bo.rest(), (vec![], Some(4001)));
    host.change(&[], &[2]);
    let (lines, code) = newer.rest();
    assert_eq!((kinds(&lines), code), (vec!["removed"], Some(4004)));
    assert_eq!(ana.until(|event| event["went"] == json!([2])).len(), 2);
    let (lines, code) = host.returning(&newer.welcome, None).rest();
    assert_eq!((kinds(&lines), code), (vec!["removed"], Some(4004)));
}
