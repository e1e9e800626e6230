//! Participants whom the operator removes, in each state that they can be in.

use serde_json::{Value, json};

use crate::harness::TestEnv;
use crate::serve::client::kinds;
use crate::serve::http::Poller;
use crate::serve::open_host::{OpenHost, join_line};

/// The status of a poll with the token of this participant.
fn poll_status(poller: &Poller) -> (u16, Value) {
    let response = poller.start(&[]).response();
    let mut events = response.events();
    assert_eq!(events.len(), 1, "{response:?}");
    (response.status, events.remove(0))
}

#[test]
fn a_removed_socket_is_told_and_closed_and_the_others_see_a_leave() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let mut bo = host.join("Bo");
    ana.say("before");
    bo.until_said("before");
    host.order("remove", json!({"number": 1}));
    let (events, code) = ana.rest();
    assert_eq!(code, Some(4004));
    assert_eq!(kinds(&events), ["joined", "said", "removed"]);
    assert!(events[2]["text"].as_str().unwrap().contains("host has removed you"));
    let left = bo.wait("left");
    assert_eq!(left["n"], 1);
    let notice = host.wait("left");
    assert_eq!((&notice["participant"]["name"], &notice["present"]), (&json!("Ana"), &json!(1)));
    // The seat is void, and the name stays taken.
    let (refused, code) = host.returning(&ana.welcome, None).rest();
    assert_eq!((code, &refused[0]["t"]), (Some(4004), &json!("removed")), "{refused:?}");
    let mut again = host.open_socket();
    again.send_line(&join_line("Ana"));
    assert_eq!(again.rest().0[0]["why"], "name_taken");
    // A second time is no event.
    host.order("remove", json!({"number": 1}));
    host.order("announce", json!({"text": "over"}));
    assert_eq!(bo.next().unwrap()["t"], "announced");
}

#[test]
fn a_held_poll_is_told_and_the_next_one_is_refused() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join_by_poll("Ana");
    let held = ana.start(&[]);
    host.order("list_connections", json!({"request": 1}));
    host.wait("operator");
    host.order("remove", json!({"number": 1}));
    assert_eq!(kinds(&ana.finish(held)), ["removed"]);
    let (status, refused) = poll_status(&ana);
    assert_eq!((status, &refused["t"]), (410, &json!("removed")));
}

#[test]
fn those_who_are_away_cannot_return() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    // Between two polls.
    let bo = host.join_by_poll("Bo");
    // Disconnected, and not yet announced as gone.
    let cy = host.join("Cy").disconnect();
    host.order("remove", json!({"number": 2}));
    host.order("remove", json!({"number": 3}));
    let left = ana.until(|event| event["t"] == "left" && event["n"] == 3);
    assert_eq!(kinds(&left), ["joined", "joined", "left", "left"]);
    let (status, refused) = poll_status(&bo);
    assert_eq!((status, &refused["t"]), (410, &json!("removed")));
    assert!(refused["text"].as_str().unwrap().contains("host has removed you"));
    let (refused, code) = host.returning(&cy, None).rest();
    assert_eq!((code, &refused[0]["t"]), (Some(4004), &json!("removed")), "{refused:?}");
}

/// Everything in one write: the order comes while the welcome is on its way, or right after it.
#[test]
fn those_who_have_just_joined_are_removed_as_well() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    for number in 1..=20 {
        let mut client = host.open_socket();
        client.send_line(&join_line(&format!("P{number}")));
        assert_eq!(host.wait("joined")["participant"]["number"], number);
        host.order("remove", json!({"number": number}));
        let (events, code) = client.rest();
        assert_eq!(code, Some(4004), "{events:?}");
        assert_eq!(events.last().unwrap()["t"], "removed");
    }
}

/// A client that does not read cannot be told, and is gone for the others at once.
#[test]
fn a_stalled_socket_is_removed_without_delay_for_the_others() {
    let env = TestEnv::new();
    let ring = json!({"ring": {"events": 10_000, "bytes": 64_000_000, "age_seconds": 600}});
    let mut host = OpenHost::with(&env, &ring, &json!({}));
    let stalled = host.join("Stalled");
    let mut ana = host.join("Ana");
    let line = "x".repeat(4000);
    // More than the buffers of the kernel take.
    for _ in 0..2_500 {
        ana.say(&line);
        ana.wait("said");
    }
    host.order("remove", json!({"number": 1}));
    assert_eq!(ana.wait("left")["n"], 1);
    ana.say("after");
    ana.until_said("after");
    let mut stalled = stalled;
    let (events, code) = stalled.rest();
    // What had begun is sent to its end, and the message of the removal is the last line.
    assert_eq!((events.last().unwrap()["t"].as_str(), code), (Some("removed"), Some(4004)));
    assert!(events.iter().all(|event| event["body"] != "after"));
}
