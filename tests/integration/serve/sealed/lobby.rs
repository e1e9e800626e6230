//! Requests about which the host decides later, and rooms that are locked.

use serde_json::{Value, json};

use super::host::{DOOR, Host, bytes, knock_line, refusal, request_line};
use crate::harness::TestEnv;
use crate::serve::client::{Client, kinds};
use crate::serve::http::Connection;

fn set_rules(host: &mut Host, changed: &Value) {
    let mut rules = json!({"locked": false, "lobby": false, "slow": 0, "fade": 0, "ends_at": null});
    rules.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    order(host, "rules", rules);
}

fn order(host: &mut Host, order: &str, mut fields: Value) {
    fields["type"] = "operator".into();
    fields["order"] = order.into();
    host.send(&fields);
}

/// A client in the lobby over a socket, and its knock.
fn waiting(host: &mut Host) -> (Client, u64) {
    let (mut client, knock) = host.requested();
    host.tell("wait", json!({"knock": knock}));
    client.wait("waiting");
    (client, knock)
}

/// The token of a knock, and its number, whose client polls and has been told to wait.
fn waiting_by_poll(host: &mut Host) -> (String, u64) {
    let (token, mut join, knock) = requesting_by_poll(host);
    host.tell("wait", json!({"knock": knock}));
    let events = join.response().events();
    assert_eq!(kinds(&events), ["waiting"]);
    assert!(events[0].get("resume").is_none());
    (token, knock)
}

/// A client that polls, up to the request: the token, the poll that is held, the number of the knock.
fn requesting_by_poll(host: &mut Host) -> (String, Connection, u64) {
    let mut first = host.start_poll("", None, &[knock_line()]);
    let knock = host.answer_next();
    let answer = first.response().events().remove(0);
    let token = answer["knock"].as_str().unwrap().to_owned();
    let join = host.start_poll("", Some(&token), &[request_line()]);
    assert_eq!(host.expect_knock("request"), knock);
    (token, join, knock)
}

#[test]
fn a_client_waits_until_the_host_decides() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, first) = waiting(&mut host);
    let (mut bo, second) = waiting(&mut host);
    ana.send_line(&json!({"t": "beat"}));
    ana.wait("beat");
    // Those who came later may be let in earlier.
    let numbers = host.admit(&[second]);
    assert_eq!(bo.wait("welcome")["generation"], host.generation);
    host.tell("refuse", json!({"knock": first, "sealed": bytes(272, 9)}));
    assert_eq!(refusal(&mut ana)["sealed"], bytes(272, 9));
    // What is said about knocks that are over has no effect, nor is a second seat made.
    for knock in [first, second, 99] {
        host.tell("wait", json!({"knock": knock}));
        host.tell("refuse", json!({"knock": knock, "sealed": bytes(272, 9)}));
    }
    bo.send_line(&json!({"t": "leave"}));
    assert_eq!(host.expect_number("gone"), numbers[0]);
}

#[test]
fn a_client_that_goes_away_or_speaks_waits_no_more() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (ana, knock) = waiting(&mut host);
    ana.disconnect();
    assert_eq!(host.expect_knock("knock_ended"), knock);
    let (mut bo, knock) = waiting(&mut host);
    bo.send_line(&json!({"t": "say", "body": bytes(284, 1)}));
    assert_eq!(refusal(&mut bo)["why"], "bad_json");
    assert_eq!(host.expect_knock("knock_ended"), knock);
    let (mut cy, knock) = waiting(&mut host);
    cy.send_line(&json!({"t": "leave"}));
    assert_eq!(cy.rest(), (vec![], Some(4001)));
    assert_eq!(host.expect_knock("knock_ended"), knock);
    // The client has gone before it is told to wait.
    let (di, knock) = host.requested();
    host.tell("wait", json!({"knock": knock}));
    di.disconnect();
    assert_eq!(host.expect_knock("knock_ended"), knock);
    host.join();
}

#[test]
fn a_client_that_polls_goes_on_with_the_token_of_its_knock() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    // The decision arrives while a poll is held.
    let (token, knock) = waiting_by_poll(&mut host);
    let mut held = host.start_poll("?after=0", Some(&token), &[]);
    host.admit(&[knock]);
    let welcome = held.response().events().remove(0);
    assert_eq!((&welcome["t"], &welcome["generation"]), (&json!("welcome"), &json!(1)));
    // Between two polls, or the answer was lost.
    let (token, knock) = waiting_by_poll(&mut host);
    host.admit(&[knock]);
    let (_, refused) = waiting_by_poll(&mut host);
    for _ in 0..2 {
        let welcome = host.poll("?after=0", Some(&token), &[]).events().remove(0);
        assert_eq!((&welcome["t"], &welcome["generation"]), (&json!("welcome"), &json!(2)));
    }
    host.tell("refuse", json!({"knock": refused, "sealed": bytes(272, 9)}));
    host.join();
}

#[test]
fn a_refusal_between_two_polls_is_not_lost_and_a_request_is_made_once() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (token, knock) = waiting_by_poll(&mut host);
    let again = host.poll("", Some(&token), &[request_line()]);
    assert_ne!(again.status, 200);
    host.tell("refuse", json!({"knock": knock, "sealed": bytes(272, 9)}));
    host.join();
    for _ in 0..2 {
        let refused = host.poll("?after=0", Some(&token), &[]).events().remove(0);
        assert_eq!(refused, json!({"t": "refused", "sealed": bytes(272, 9)}));
    }
    let wrong = format!("{knock}.AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(host.poll("?after=0", Some(&wrong), &[]).status, 401);
}

/// The client is told to wait and gets the decision, or gets the decision at once.
#[test]
fn a_decision_that_follows_at_once_is_not_lost() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    for _ in 0..20 {
        let (token, mut join, knock) = requesting_by_poll(&mut host);
        host.tell("wait", json!({"knock": knock}));
        host.tell("refuse", json!({"knock": knock, "sealed": bytes(272, 9)}));
        let mut events = join.response().events();
        if events[0]["t"] == "waiting" {
            events = host.poll("?after=0", Some(&token), &[]).events();
        }
        assert_eq!(events, [json!({"t": "refused", "sealed": bytes(272, 9)})]);
        let (mut client, knock) = host.requested();
        host.tell("wait", json!({"knock": knock}));
        host.admit(&[knock]);
        let events = client.until(|event| event["t"] != "waiting");
        assert_eq!(events.last().unwrap()["t"], "welcome");
    }
}

#[test]
fn a_newer_poll_waits_in_place_of_the_older_and_may_leave() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (token, knock) = waiting_by_poll(&mut host);
    let mut older = host.start_poll("?after=0", Some(&token), &[]);
    let beat = host.poll("", Some(&token), &[json!({"t": "beat"})]);
    assert_eq!(kinds(&beat.events()), ["beat"]);
    assert_eq!(older.response().body, "");
    let mut older = host.start_poll("?after=0", Some(&token), &[]);
    let left = host.poll("", Some(&token), &[json!({"t": "leave"})]);
    assert_eq!((left.status, left.body.as_str()), (200, ""));
    assert_eq!(host.expect_knock("knock_ended"), knock);
    assert_eq!(older.response().body, "");
    assert_eq!(host.poll("?after=0", Some(&token), &[]).status, 401);
}

#[test]
fn the_end_of_the_session_ends_all_waits() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = waiting(&mut host);
    let (token, _) = waiting_by_poll(&mut host);
    let mut held = host.start_poll("?after=0", Some(&token), &[]);
    host.send(&json!({"type": "drain"}));
    assert_eq!(refusal(&mut ana)["why"], "closing");
    assert_eq!(held.response().events()[0]["why"], "closing");
    assert_eq!(host.recv()["type"], "drained");
    assert_eq!(host.poll("", Some(&token), &[]).events()[0]["why"], "closing");
    host.stop();
}

/// Refused at the knock, and at the request of those who knocked before. The host's word counts more.
#[test]
fn a_locked_room_refuses_newcomers_and_no_one_else() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut waits, waiting_knock) = waiting(&mut host);
    let mut bo = host.open_socket();
    bo.send_line(&knock_line());
    let knock = host.answer_next();
    bo.wait("answer");
    set_rules(&mut host, &json!({"locked": true, "lobby": true}));
    ana.wait("rules");
    bo.send_line(&request_line());
    assert_eq!(refusal(&mut bo)["why"], "locked");
    assert_eq!(host.expect_knock("knock_ended"), knock);
    assert_eq!(host.refusal(&knock_line())["why"], "locked");
    let polled = host.poll("", None, &[knock_line()]);
    assert_eq!((polled.status, &polled.events()[0]["why"]), (200, &json!("locked")));
    // A stranger does not learn it.
    let mut stranger = knock_line();
    stranger["door"] = "BBBBBBBBBBBBBBBBBBBBBA".into();
    assert_eq!(host.refusal(&stranger)["why"], "bad_ticket");
    host.admit(&[waiting_knock]);
    waits.wait("welcome");
    let welcome = ana.disconnect();
    host.returned(&welcome, None);
    set_rules(&mut host, &json!({}));
    waits.wait("rules");
    host.join();
}

/// The host counts uses: the relay says by which link a client knocks.
#[test]
fn every_link_has_a_door() {
    const OTHER: &str = "BBBBBBBBBBBBBBBBBBBBBA";
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let link = |number: u32, secret: &str| json!({"number": number, "secret": secret, "uses": null, "seconds": null});
    order(&mut host, "add_link", link(1, OTHER));
    set_rules(&mut host, &json!({"slow": 1}));
    ana.wait("rules");
    let knocks = |host: &mut Host, door: &str, link: u32| {
        let mut client = host.open_socket();
        let mut line = knock_line();
        line["door"] = door.into();
        client.send_line(&line);
        let knock = host.expect("knock");
        assert_eq!(knock["link"], link);
        client.disconnect();
        host.expect("knock_ended");
    };
    knocks(&mut host, OTHER, 1);
    knocks(&mut host, DOOR, 0);
    order(&mut host, "end_link", json!({"number": 1}));
    set_rules(&mut host, &json!({"slow": 2}));
    ana.wait("rules");
    let mut line = knock_line();
    line["door"] = OTHER.into();
    assert_eq!(host.refusal(&line)["why"], "bad_ticket");
    order(&mut host, "relink", link(0, OTHER));
    set_rules(&mut host, &json!({"slow": 3}));
    ana.wait("rules");
    assert_eq!(host.refusal(&knock_line())["why"], "bad_ticket");
    knocks(&mut host, OTHER, 0);
}

/// More than a lobby holds: the host's mistake costs no other client anything.
#[test]
fn no_more_wait_than_a_lobby_holds() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut clients: Vec<(Client, u64)> = (0..32).map(|_| waiting(&mut host)).collect();
    let (mut late, knock) = host.requested();
    host.tell("wait", json!({"knock": knock}));
    // It is not told to wait, and is let in as before.
    let numbers = host.admit(&[knock, clients[0].1]);
    assert_eq!(numbers, [1, 2]);
    assert_eq!(late.next().unwrap()["t"], "welcome");
    clients[0].0.wait("welcome");
    waiting(&mut host);
}
