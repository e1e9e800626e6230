//! A sealed room over long polls.

use std::net::Shutdown;

use serde_json::{Value, json};

use super::host::{Host, bytes, knock_line, letter, request_line, short_box};
use crate::harness::TestEnv;
use crate::serve::client::kinds;

/// A participant over long polls: the welcome, and the resume token.
fn join(host: &mut Host) -> (Value, String) {
    let mut held = host.start_poll("", None, &[knock_line()]);
    let knock = host.answer_next();
    let answer = held.response().events().remove(0);
    let token = answer["knock"].as_str().unwrap().to_owned();
    assert_eq!(answer, json!({"t": "answer", "noise": bytes(96, 4), "knock": token}));
    let mut held = host.start_poll("", Some(&token), &[request_line()]);
    assert_eq!(host.expect_knock("request"), knock);
    host.admit(&[knock]);
    let welcome = held.response().events().remove(0);
    let resume = welcome["resume"].as_str().unwrap().to_owned();
    // The token was good for one request.
    assert_eq!(host.poll("", Some(&token), &[request_line()]).events()[0]["why"], "too_fast");
    (welcome, resume)
}

#[test]
fn two_people_talk_over_polls_and_get_their_own_letters() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (welcome, ana) = join(&mut host);
    assert_eq!((&welcome["generation"], &welcome["letter"]), (&json!(1), &json!(letter(1, 1))));
    let mut held = host.start_poll("?after=1", Some(&ana), &[]);
    let (_, bo) = join(&mut host);
    let events = held.response().events();
    assert_eq!((kinds(&events), &events[0]["letter"]), (vec!["keys"], &json!(letter(2, 1))));
    let mut held = host.start_poll("?after=2", Some(&ana), &[]);
    let say = json!({"t": "say", "ref": "b1", "body": short_box(2, 2, 1)});
    for events in [host.poll("?after=2", Some(&bo), &[say]).events(), held.response().events()] {
        assert_eq!(
            (kinds(&events), &events[0]["body"]),
            (vec!["said"], &json!(short_box(2, 2, 1)))
        );
    }
    // Asked again, the same letters come again.
    let events = host.poll("?after=1", Some(&ana), &[]).events();
    assert_eq!(
        (kinds(&events), &events[0]["letter"]),
        (vec!["keys", "said"], &json!(letter(2, 1)))
    );
    // Without a position: the present.
    let events = host.poll("", Some(&ana), &[]).events();
    assert_eq!((kinds(&events), &events[0]["letter"]), (vec!["welcome"], &json!(letter(2, 1))));
    assert_eq!(events[0]["seq"], 3);
    let line = json!({"t": "join", "resume": ana});
    assert_eq!(kinds(&host.poll("?after=1", None, &[line]).events()), ["welcome"]);
}

#[test]
fn a_held_poll_ends_with_its_client_and_so_does_its_knock() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut held = host.start_poll("", None, &[knock_line()]);
    let knock = host.expect_knock("knock");
    held.stream().shutdown(Shutdown::Both).unwrap();
    assert_eq!(host.expect_knock("knock_ended"), knock);
    let mut held = host.start_poll("", None, &[knock_line()]);
    let knock = host.answer_next();
    let token = held.response().events()[0]["knock"].as_str().unwrap().to_owned();
    let mut held = host.start_poll("", Some(&token), &[request_line()]);
    assert_eq!(host.expect_knock("request"), knock);
    held.stream().shutdown(Shutdown::Both).unwrap();
    assert_eq!(host.expect_knock("knock_ended"), knock);
}

#[test]
fn refusals_over_polls() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let wrong = json!({"t": "knock", "door": "AAAAAAAAAAAAAAAAAAAAAA", "noise": bytes(48, 1)});
    let answer = host.poll("", None, &[wrong]);
    assert_eq!((answer.status, &answer.events()[0]["why"]), (401, &json!("bad_ticket")));
    for (bearer, line, status) in [
        (None, request_line(), 400),
        (None, json!({"t": "join", "name": "Ana", "ticket": "x"}), 400),
        (Some("1.AAAAAAAAAAAAAAAAAAAAAA"), json!({"t": "beat"}), 401),
        (Some("1.AAAAAAAAAAAAAAAAAAAAAA"), request_line(), 200),
        (Some(""), request_line(), 200),
    ] {
        let answer = host.poll("", bearer, std::slice::from_ref(&line));
        assert_eq!(answer.status, status, "{bearer:?} {line}");
    }
    let mut held = host.start_poll("", None, &[knock_line()]);
    let knock = host.expect_knock("knock");
    host.tell("wrong_ticket", json!({"knock": knock}));
    assert_eq!(held.response().status, 401);
    let mut held = host.start_poll("", None, &[knock_line()]);
    let knock = host.answer_next();
    let token = held.response().events()[0]["knock"].as_str().unwrap().to_owned();
    let mut held = host.start_poll("", Some(&token), &[request_line()]);
    assert_eq!(host.expect_knock("request"), knock);
    host.tell("refuse", json!({"knock": knock, "sealed": bytes(272, 9)}));
    let answer = held.response();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.events(), [json!({"t": "refused", "sealed": bytes(272, 9)})]);
}
