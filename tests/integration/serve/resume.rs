//! Resuming a seat after a disconnect.

use serde_json::json;

use super::client::{bodies, kinds};
use super::server::Server;

/// V-17, V-06: the others do not notice, missed messages come once and in order, and the participant is
/// still the same.
#[test]
fn a_short_disconnect_is_silent_and_loses_nothing() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    ana.say("one");
    let after = bo.until_said("one").pop().unwrap()["seq"].as_u64().unwrap();
    let bo = bo.disconnect();
    for body in ["two", "three", "four"] {
        ana.say(body);
    }
    ana.until_said("four");
    let mut back = server.resume(&bo, after);
    assert_eq!(back.welcome["you"], bo["you"]);
    assert_eq!(back.welcome["seq"], after);
    assert_eq!(back.welcome["present"].as_array().unwrap().len(), 1);
    assert_eq!(bodies(&back.until_said("four")), ["two", "three", "four"]);
    back.say("five");
    assert_eq!(kinds(&ana.until_said("five")), ["said"]);
    assert_eq!(kinds(&back.until_said("five")), ["said"]);
}

/// V-17: the acknowledgement was lost with the line, so the message is sent again.
#[test]
fn a_message_that_is_sent_again_appears_once() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    bo.say_as("b1", "once");
    ana.until_said("once");
    let bo = bo.disconnect();
    let mut back = server.resume(&bo, bo["seq"].as_u64().unwrap());
    back.say_as("b1", "once");
    back.say_as("b2", "then");
    assert_eq!(bodies(&back.until_said("then")), ["once", "then"]);
    assert_eq!(bodies(&ana.until_said("then")), ["then"]);
    // The same ref of another participant is another message.
    ana.say_as("b1", "mine");
    back.until_said("mine");
}

#[test]
fn a_participant_who_missed_more_than_the_ring_holds_learns_how_much() {
    let config = r#"{"room":{"rate":{"per_second":0},"ring":{"events":5}}}"#;
    let server = Server::with(&[], config);
    let (mut ana, bo) = (server.join("Ana"), server.join("Bo"));
    let (bo, after) = (bo.welcome.clone(), bo.disconnect()["seq"].as_u64().unwrap());
    for number in 1..=12 {
        ana.say(&number.to_string());
    }
    ana.until_said("12");
    let mut back = server.resume(&bo, after);
    let events = back.until_said("12");
    assert_eq!(events[0], json!({"t": "gap", "missed": 7}));
    assert_eq!(bodies(&events), ["8", "9", "10", "11", "12"]);
    assert_eq!(events.len(), 6);
}

/// A position from another session, or a made-up one, reads on from now.
#[test]
fn a_position_from_the_future_gives_nothing_old() {
    let server = Server::start();
    let (mut ana, bo) = (server.join("Ana"), server.join("Bo"));
    ana.say("old");
    ana.until_said("old");
    let mut back = server.resume(&bo.disconnect(), u64::MAX);
    ana.say("new");
    assert_eq!(bodies(&back.until_said("new")), ["new"]);
}

#[test]
fn a_resume_token_of_another_session_is_a_new_join() {
    let first = Server::start();
    let other = first.join("Bo");
    let mut server = Server::start();
    let mut ana = server.join("Ana");
    let mut stranger = other.welcome.clone();
    assert_ne!(stranger["epoch"], ana.welcome["epoch"]);
    stranger["resume"] = format!("1.{}", "A".repeat(22)).into();
    for (name, resume) in [
        ("Bo", other.welcome["resume"].clone()),
        ("Cy", stranger["resume"].clone()),
        ("Di", "nonsense".into()),
        ("Ed", "".into()),
        ("Flo", "18446744073709551616.x".into()),
    ] {
        let mut line = server.join_line(name);
        line["resume"] = resume;
        line["after"] = 0.into();
        let mut client = server.open_socket();
        client.send_line(&line);
        let welcome = client.wait("welcome");
        assert_eq!(welcome["you"]["name"], name);
        assert_eq!(ana.wait("joined")["who"], welcome["you"]);
        // A newcomer gets nothing from before, not even its own join.
        ana.say(name);
        assert_eq!(kinds(&client.until_said(name)), ["said"]);
        assert_eq!(server.event("joined")["event"], "joined");
    }
}

/// The link by which they came may have been replaced meanwhile; a poll has no ticket at all.
#[test]
fn a_resume_needs_no_ticket_that_still_admits() {
    let server = Server::start();
    let bo = server.join("Bo").disconnect();
    let mut line = server.join_line("Bo");
    line["ticket"] = "A".repeat(22).into();
    line["resume"] = "1.AAAAAAAAAAAAAAAAAAAAAA".into();
    assert_eq!(server.refusal(&line)["why"], "bad_ticket");
    line["resume"] = bo["resume"].clone();
    let mut back = server.open_socket();
    back.send_line(&line);
    assert_eq!(back.wait("welcome")["you"], bo["you"]);
}

#[test]
fn a_newer_connection_takes_the_seat_from_the_older() {
    let server = Server::start();
    let (mut ana, mut old) = (server.join("Ana"), server.join("Bo"));
    ana.wait("joined");
    let mut new = server.resume(&old.welcome, old.welcome["seq"].as_u64().unwrap());
    assert_eq!(old.rest(), (vec![], Some(4001)));
    drop(old);
    new.say("from the new one");
    assert_eq!(kinds(&ana.until_said("from the new one")), ["said"]);
    assert_eq!(kinds(&new.until_said("from the new one")), ["said"]);
}
