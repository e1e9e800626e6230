//! Who is let in, and who is not any more: handshakes that stop half-way, come twice or too early.

use serde_json::json;

use super::host::{Host, bytes, knock_line, refusal, request_line};
use crate::harness::TestEnv;

#[test]
fn a_client_that_goes_away_ends_its_knock() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    // Before the answer, after it, and after the request.
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    let knock = host.expect_knock("knock");
    client.disconnect();
    assert_eq!(host.expect_knock("knock_ended"), knock);
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    let knock = host.answer_next();
    client.wait("answer");
    client.disconnect();
    assert_eq!(host.expect_knock("knock_ended"), knock);
    let (client, knock) = host.requested();
    client.disconnect();
    assert_eq!(host.expect_knock("knock_ended"), knock);
    // The host's decision comes too late: the newcomer has left already.
    let numbers = host.admit(&[knock]);
    assert_eq!(host.expect_number("gone"), numbers[0]);
    // All others go on.
    host.join();
}

#[test]
fn a_handshake_is_one_request_at_its_time() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    // Two requests in one message.
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    let knock = host.answer_next();
    client.wait("answer");
    client.send_text(&format!("{}\n{}", request_line(), request_line()));
    assert_eq!(refusal(&mut client)["why"], "bad_json");
    assert_eq!(host.expect_knock("knock_ended"), knock);
    // A second request while the first waits.
    let (mut client, knock) = host.requested();
    client.send_line(&request_line());
    assert_eq!(refusal(&mut client)["why"], "bad_json");
    assert_eq!(host.expect_knock("knock_ended"), knock);
    // A request before the answer.
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    let knock = host.expect_knock("knock");
    client.send_line(&request_line());
    assert_eq!(refusal(&mut client)["why"], "bad_json");
    assert_eq!(host.expect_knock("knock_ended"), knock);
    // A second knock after the answer.
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    let knock = host.answer_next();
    client.wait("answer");
    client.send_line(&knock_line());
    assert_eq!(refusal(&mut client)["why"], "bad_json");
    assert_eq!(host.expect_knock("knock_ended"), knock);
    // A message behind the knock.
    let mut client = host.open_socket();
    client.send_text(&format!("{}\n{}", knock_line(), request_line()));
    assert_eq!(refusal(&mut client)["why"], "bad_json");
    host.join();
}

/// A name of 65 to 222 bytes is refused by the host, a longer one by the length of its request.
#[test]
fn a_request_has_one_length() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    for (length, why) in [(0, "bad_json"), (271, "bad_json"), (528, "bad_name"), (8208, "bad_name")]
    {
        let mut client = host.open_socket();
        client.send_line(&knock_line());
        let knock = host.answer_next();
        client.wait("answer");
        client.send_line(&json!({"t": "join", "sealed": bytes(length, 2)}));
        assert_eq!(refusal(&mut client)["why"], why, "{length}");
        assert_eq!(host.expect_knock("knock_ended"), knock);
    }
}

/// Only the first message has an effect: the host may have decided before it learnt that the knock is over.
#[test]
fn what_the_host_says_about_knocks_that_are_over_has_no_effect() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut client, knock) = host.requested();
    host.admit(&[knock]);
    client.wait("welcome");
    host.answer(knock);
    host.tell("wrong_ticket", json!({"knock": knock}));
    host.tell("refuse", json!({"knock": knock, "sealed": bytes(272, 9)}));
    host.tell("answer", json!({"knock": 99, "noise": bytes(96, 4)}));
    host.tell("refuse_return", json!({"number": 1}));
    host.tell("readmit", json!({"numbers": [7]}));
    assert_eq!(host.expect_number("gone"), 7);
    host.change(&[], &[]);
    client.wait("keys");
}
