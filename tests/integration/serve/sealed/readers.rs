//! Readers that lag: their letters, and what the ring has forgotten.

use serde_json::json;

use super::host::{Host, letter, sealed_box, short_box};
use crate::harness::TestEnv;
use crate::serve::client::kinds;

/// A reader whose socket is full reads at its own pace, and finds each letter at its place.
#[test]
fn a_socket_that_lags_gets_every_event_in_order_and_its_own_letters() {
    const ROUNDS: u32 = 200;
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut slow, number) = host.join();
    ana.wait("keys");
    // More than the buffers of the kernel hold: 11 kB each.
    for round in 1..=ROUNDS {
        ana.send_line(&json!({"t": "say", "body": sealed_box(2, 1, round, 8220)}));
        ana.wait("said");
        host.change(&[], &[]);
        ana.wait("keys");
    }
    let events = slow.until(|event| event["generation"] == 2 + ROUNDS);
    let mut generations = 3..;
    for event in &events {
        if event["t"] == "keys" {
            let generation = generations.next().unwrap();
            assert_eq!(event["generation"], generation);
            assert_eq!(event["letter"], letter(generation, number));
        }
    }
    assert_eq!(events.len(), 2 * ROUNDS as usize);
}

/// The ring forgets the oldest first, and says how many events a reader missed.
#[test]
fn a_forgotten_event_is_a_gap_and_the_present_is_there() {
    let env = TestEnv::new();
    let mut host = Host::with(&env, &json!({"events": 4, "bytes": 1_000_000, "age_seconds": 600}));
    let (mut ana, _) = host.join();
    let (bo, _) = host.join();
    let after = bo.welcome["seq"].as_u64().unwrap();
    let welcome = bo.disconnect();
    for round in 1..=10 {
        ana.send_line(&json!({"t": "say", "body": short_box(2, 1, round)}));
        ana.wait("said");
    }
    host.change(&[], &[]);
    ana.wait("keys");
    let mut back = host.returned(&welcome, Some(after));
    let events = back.until(|event| event["t"] == "keys");
    assert_eq!(events[0], json!({"t": "gap", "missed": 6}));
    assert_eq!(kinds(&events[1..]), ["said", "said", "said", "said", "keys"]);
    assert_eq!(events[5]["letter"], letter(3, 2));
    let present = host.returned(&welcome, None);
    assert_eq!(present.welcome["letter"], letter(3, 2));
}

/// A generation in which a participant has no letter is no line for them, and no gap.
#[test]
fn who_has_no_letter_gets_no_line() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    host.join();
    ana.wait("keys");
    let held = host.start_poll("?after=2", ana.welcome["resume"].as_str(), &[]);
    assert_eq!(ana.rest().1, Some(4001));
    let mut held = held;
    host.circle.remove(&1);
    host.change(&[], &[]);
    host.circle.insert(1);
    host.change(&[], &[]);
    let events = held.response().events();
    assert_eq!((kinds(&events), &events[0]["seq"]), (vec!["keys"], &json!(4)));
    assert_eq!(events[0]["letter"], letter(4, 1));
}
