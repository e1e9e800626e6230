//! What the relay checks of a message that it cannot read.

use serde_json::{Value, json};

use super::host::{Host, bytes, sealed_box, short_box};
use crate::harness::TestEnv;
use crate::serve::client::kinds;

fn say(reference: &str, body: &str) -> Value {
    json!({"t": "say", "ref": reference, "body": body})
}

#[test]
fn only_boxes_of_the_sender_in_a_generation_that_has_begun_are_relayed() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut bo, _) = host.join();
    for (body, why) in [
        ("hello in clear".to_owned(), "bad_json"),
        (String::new(), "bad_json"),
        (bytes(283, 0), "bad_json"),
        (format!("{}=", short_box(2, 2, 1)), "bad_json"),
        ("A".repeat(12_000), "bad_json"),
        // Of another, of the host, and of nobody.
        (short_box(2, 1, 1), "bad_json"),
        (short_box(2, 0, 1), "bad_json"),
        (short_box(2, 9, 1), "bad_json"),
        (short_box(2, u32::MAX, 1), "bad_json"),
        // Of a generation that there is not.
        (short_box(0, 2, 1), "bad_json"),
        (short_box(3, 2, 1), "bad_json"),
        (short_box(u32::MAX, 2, 1), "bad_json"),
    ] {
        bo.send_line(&say("b", &body));
        let refused = bo.wait("refused");
        assert_eq!((&refused["ref"], &refused["why"]), (&json!("b"), &json!(why)), "{body}");
    }
    // An earlier generation, and every length.
    let mut bodies = vec![short_box(1, 2, 1)];
    bodies.extend([284, 540, 1052, 2076, 4124, 8220].map(|length| sealed_box(2, 2, 2, length)));
    for (number, body) in bodies.iter().enumerate() {
        bo.send_line(&say(&format!("b{number}"), body));
    }
    for client in [&mut ana, &mut bo] {
        for body in &bodies {
            assert_eq!(client.wait("said")["body"], *body);
        }
    }
}

#[test]
fn the_rules_of_open_rooms_hold_for_boxes() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut bo, _) = host.join();
    ana.wait("keys");
    // One that is sent again appears once; typing is not announced.
    bo.send_line(&json!({"t": "typing"}));
    bo.send_line(&say("b1", &short_box(2, 2, 1)));
    bo.send_line(&say("b1", &short_box(2, 2, 1)));
    bo.send_line(&json!({"t": "beat"}));
    bo.send_line(&say("b2", &short_box(2, 2, 2)));
    let events = ana.until(|event| event["ref"] == "b2");
    assert_eq!(kinds(&events), ["said", "said"]);
    let own = bo.until(|event| event["ref"] == "b2");
    assert!(kinds(&own).contains(&"beat") && !kinds(&own).contains(&"typing"), "{own:?}");
    // Lines for a client that is not in the room.
    for line in [super::host::knock_line(), super::host::request_line()] {
        bo.send_line(&line);
        assert_eq!(bo.wait("refused")["why"], "bad_json");
    }
    bo.send_line(&json!({"t": "leave"}));
    assert_eq!(bo.rest(), (vec![], Some(4001)));
    assert_eq!(host.expect_number("gone"), 2);
    assert_eq!(host.expect_number("given_up"), 2);
    host.change(&[], &[2]);
    assert_eq!(ana.wait("keys")["went"], json!([2]));
}

/// The link that a box of the host holds is news to those who came by an older one.
#[test]
fn a_new_address_is_relayed_as_a_box_and_the_servers_own_word_for_it_is_not() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    host.send(&json!({"type": "moved", "url": "https://a-row-of-four-words.trycloudflare.com"}));
    let body = short_box(1, 0, 1);
    host.tell("moved", json!({"body": body}));
    assert_eq!(ana.wait("moved"), json!({"t": "moved", "seq": 2, "body": body}));
    let (bo, _) = host.join();
    assert!(bo.welcome.get("public").is_none());
}
