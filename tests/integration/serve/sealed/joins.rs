//! Knock, answer, join, keys, welcome, said.

use serde_json::json;

use super::host::{
    DOOR, EPOCH, Host, bytes, knock_line, letter, part, refusal, request_line, short_box,
};
use crate::harness::TestEnv;
use crate::serve::client::kinds;

#[test]
fn two_people_join_and_talk_in_bytes_that_the_relay_cannot_read() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut ana = host.open_socket();
    ana.send_line(&knock_line());
    let knock = host.expect("knock");
    assert_eq!((&knock["knock"], &knock["noise"]), (&json!(1), &json!(bytes(48, 1))));
    host.answer(1);
    assert_eq!(ana.wait("answer"), json!({"t": "answer", "noise": bytes(96, 4)}));
    ana.send_line(&request_line());
    let request = host.expect("request");
    assert_eq!((&request["knock"], &request["sealed"]), (&json!(1), &json!(bytes(272, 2))));
    host.admit(&[1]);
    ana.welcome = ana.wait("welcome");
    let resume = ana.welcome["resume"].as_str().unwrap();
    assert!(resume.starts_with("1.") && resume.len() == 24, "{resume}");
    let limits =
        json!({"message_bytes": 4096, "per_second": 0, "burst": 0, "max_participants": 1000});
    let expected = json!({
        "t": "welcome",
        "epoch": EPOCH,
        "mode": "sealed",
        "resume": resume,
        "seq": 1,
        "generation": 1,
        "letter": letter(1, 1),
        "roster": [part(1, 1), part(1, 2)],
        "limits": limits,
        "rules": ana.welcome["rules"],
    });
    assert_eq!(ana.welcome, expected);

    let (mut bo, number) = host.join();
    assert_eq!(number, 2);
    assert_eq!(
        (&bo.welcome["generation"], &bo.welcome["letter"]),
        (&json!(2), &json!(letter(2, 2)))
    );
    let keys = json!({
        "t": "keys",
        "seq": 2,
        "generation": 2,
        "letter": letter(2, 1),
        "came": [part(2, 0)],
        "went": [],
    });
    assert_eq!(ana.wait("keys"), keys);

    bo.send_line(&json!({"t": "say", "ref": "b1", "body": short_box(2, 2, 1)}));
    for client in [&mut ana, &mut bo] {
        let said = client.wait("said");
        let at = said["at"].clone();
        let body = short_box(2, 2, 1);
        let expected = json!({"t": "said", "seq": 3, "n": 2, "at": at, "ref": "b1", "body": body});
        assert_eq!(said, expected);
    }
    host.stop();
}

/// A newcomer gets nothing from before, and everything from the generation of the welcome on.
#[test]
fn a_newcomer_reads_from_the_first_generation_of_their_own() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    ana.send_line(&json!({"t": "say", "body": short_box(1, 1, 1)}));
    ana.wait("said");
    let (mut bo, knock) = host.requested();
    host.admit(&[knock]);
    ana.wait("keys");
    ana.send_line(&json!({"t": "say", "body": short_box(2, 1, 2)}));
    bo.welcome = bo.wait("welcome");
    assert_eq!(bo.welcome["seq"], 3);
    let events = bo.until(|event| event["t"] == "said");
    assert_eq!(kinds(&events), ["said"]);
    assert_eq!(events[0]["body"], short_box(2, 1, 2));
}

/// Many who come at once are one event for those who are there, and none for one another.
#[test]
fn all_newcomers_of_one_generation_are_one_event() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let mut others: Vec<_> = (0..20).map(|_| host.requested()).collect();
    let knocks: Vec<u64> = others.iter().map(|(_, knock)| *knock).collect();
    let numbers = host.admit(&knocks);
    for ((client, _), number) in others.iter_mut().zip(&numbers) {
        client.welcome = client.wait("welcome");
        assert_eq!(client.welcome["letter"], letter(2, *number));
        assert_eq!(client.welcome["seq"], 2);
    }
    ana.send_line(&json!({"t": "say", "body": short_box(1, 1, 1)}));
    assert_eq!(kinds(&ana.until(|event| event["t"] == "said")), ["keys", "said"]);
    for (client, _) in &mut others {
        assert_eq!(kinds(&client.until(|event| event["t"] == "said")), ["said"]);
    }
}

#[test]
fn a_wrong_door_is_refused_before_the_host_learns_of_it() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    for door in ["AAAAAAAAAAAAAAAAAAAAAA", "", "short", &format!("{DOOR}A")] {
        let refused = host.refusal(&json!({"t": "knock", "door": door, "noise": bytes(48, 1)}));
        assert_eq!(refused["why"], "bad_ticket");
    }
    // The first knock that the host gets is the one with the right door.
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    assert_eq!(host.answer_next(), 1);
    client.wait("answer");
}

#[test]
fn refusals_of_the_host_reach_their_client_only() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut wrong = host.open_socket();
    wrong.send_line(&knock_line());
    let knock = host.expect_knock("knock");
    let (mut ana, other) = host.requested();
    host.tell("wrong_ticket", json!({"knock": knock}));
    assert_eq!(refusal(&mut wrong)["why"], "bad_ticket");
    let (mut taken, knock) = host.requested();
    host.tell("refuse", json!({"knock": knock, "sealed": bytes(272, 9)}));
    assert_eq!(refusal(&mut taken), json!({"t": "refused", "sealed": bytes(272, 9)}));
    host.admit(&[other]);
    ana.wait("welcome");
}

/// The page shows why; a script learns what to do.
#[test]
fn lines_of_the_other_kind_of_room_are_refused_with_a_sentence() {
    let env = TestEnv::new();
    let host = Host::start(&env);
    for line in [
        json!({"t": "join", "name": "Ana", "ticket": DOOR}),
        json!({"t": "say", "body": "x"}),
        json!({"t": "beat"}),
        request_line(),
        json!({"t": "knock", "door": DOOR, "noise": bytes(47, 1)}),
        json!({"t": "knock", "door": DOOR, "noise": bytes(97, 1)}),
        json!({"t": "knock", "door": DOOR, "noise": "=="}),
        json!({"t": "knock", "door": DOOR}),
    ] {
        let refused = host.refusal(&line);
        assert_eq!(refused["why"], "bad_json", "{line}");
        assert!(refused["text"].as_str().unwrap().contains(' '), "{line}");
    }
    let open = crate::serve::server::Server::start();
    for line in [knock_line(), request_line(), json!({"t": "join", "resume": "1.x"})] {
        assert_eq!(open.refusal(&line)["why"], "bad_json", "{line}");
    }
}
