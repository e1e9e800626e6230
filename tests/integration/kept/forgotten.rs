//! Messages that the ring has dropped, or the room has refused, are not in the memory of serve,
//! whatever transport they came from and went to. All participants stay connected.
//!
//! Here the ring drops by count. To drop by age takes at least 30 s, too long for a test; it is the
//! same line of `Ring`. The same holds for the names of former participants.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::canaries::Canaries;
use super::process_memory::wait_for_copies;
use crate::serve::client::Client;
use crate::serve::frames::frame;
use crate::serve::http::{Poller, say};
use crate::serve::server::Server;

/// A ring of four events.
const SMALL_RING: &str = r#"{"room":{"backlog":3,"ring":{"events":4},"rate":{"per_second":0}}}"#;

const MAX_MESSAGE_BYTES: usize = 4096;

fn said(body: &str) -> Value {
    json!({ "t": "say", "body": body })
}

/// V-29: sent and read over WebSocket, polls, and a resumed connection.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn dropped_messages_are_not_in_memory_while_participants_stay() {
    let server = Server::with(&[], SMALL_RING);
    let mut canaries = Canaries::new();
    let mut sockets = vec![server.join("Ana"), server.join("Bo")];
    let away = server.join("Gil").disconnect();
    let (mut fay, mut held) = Poller::take_over(&server, server.join("Fay"));
    let mut dee = Poller::join(&server, "Dee");

    let last = over_sockets(&server, &mut sockets, &mut canaries);
    let after = away["seq"].as_u64().unwrap();
    sockets.push(server.resume(&away, after));
    sockets.push(server.join("Hal"));
    for reader in &mut sockets[3..] {
        reader.until_said(&last);
    }
    let polled = canaries.text("by poll");
    dee.poll(&[say("d1", &polled), said(&canaries.text("with another in one poll"))]);
    let first = canaries.text("in the first poll");
    let first_poll = format!("{}\n{}\n", server.join_line("Iva"), said(&first));
    assert_eq!(server.post("/poll", "", &first_poll).status, 200);

    // The four messages in the ring are there once.
    wait_for_copies(server.pid(), &canaries, 4);
    for number in 0..4 {
        sockets[0].say(&format!("no canary {number}"));
    }
    for reader in &mut sockets {
        reader.until_said("no canary 3");
    }
    dee.until_said("no canary 3");
    while !fay.finish(held).iter().any(|event| event["body"] == "no canary 3") {
        held = fay.start(&[]);
    }
    let waiting = [fay.start(&[]), dee.start(&[])];
    wait_for_copies(server.pid(), &canaries, 0);
    drop((sockets, waiting));
}

/// Sends canaries in every kind of frame; returns the last one.
fn over_sockets(server: &Server, sockets: &mut Vec<Client>, canaries: &mut Canaries) -> String {
    let ana = &mut sockets[0];
    ana.say(&canaries.text("a short one"));
    ana.say(&canaries.text("the longest").repeat(MAX_MESSAGE_BYTES / 32));
    let lines = [said(&canaries.text("one line of two")), said(&canaries.text("the other"))];
    ana.send_text(&format!("{}\n{}", lines[0], lines[1]));
    // Two of the fragments begin inside the canary.
    let text = canaries.text("in three frames");
    let line = said(&text).to_string();
    let (one, rest) = line.as_bytes().split_at(line.find(&text).unwrap() + 10);
    let (two, three) = rest.split_at(10);
    for (first, part) in [(0x01, one), (0x00, two), (0x80, three)] {
        sockets[1].send_bytes(&frame(first, part));
    }
    sockets[1].until_said(&text);
    let text = canaries.text("in the frame of the join");
    let mut cy = server.open_socket();
    cy.send_text(&format!("{}\n{}", server.join_line("Cy"), said(&text)));
    cy.until_said(&text);
    sockets.push(cy);
    let text = canaries.text("masked by the test");
    sockets[1].send_bytes(&frame(0x81, said(&text).to_string().as_bytes()));
    sockets[1].until_said(&text);
    text
}

#[test]
#[ignore = "needs ptrace: tests/run"]
fn refused_messages_are_not_in_memory_while_participants_stay() {
    let slow = r#"{"room":{"rate":{"per_second":1,"burst":1},"ring":{"events":4}}}"#;
    let server = Server::with(&[], slow);
    let mut canaries = Canaries::new();
    let mut bo = server.join("Bo");
    let mut participants = (server.join("Ana"), Poller::join(&server, "Dee"));
    let mut refused = |why: &str, line: &str| refused_twice(&server, &mut participants, why, line);
    let long = canaries.text("too long").repeat(MAX_MESSAGE_BYTES / 32 + 1);
    refused("too_long", &said(&long).to_string());
    let line = format!("{{\"t\":\"say\",\"body\":\"{}\"", canaries.text("bad json"));
    refused("bad_json", &line);
    let line = json!({ "t": "say", "body": canaries.text("a name in it"), "name": "Alice" });
    refused("bad_json", &line.to_string());
    let line = json!({ "t": canaries.text("a kind of its own") });
    refused("bad_json", &line.to_string());
    // These messages use up the rate limit.
    participants.0.say("no canary");
    participants.1.poll(&[said("no canary")]);
    let line = said(&canaries.text("too fast")).to_string();
    refused_twice(&server, &mut participants, "too_fast", &line);

    bo.send_frame(Message::binary(canaries.text("binary"))).unwrap();
    assert_eq!(bo.wait("refused")["why"], "bad_json");
    bo.send_bytes(&frame(0x89, canaries.text("in a ping").as_bytes()));
    let line = canaries.text("beyond a frame").repeat(600);
    assert_eq!(server.post("/poll", "", &line).status, 413);
    let mut closed = server.join("Zed");
    closed.send_bytes(&frame(0x81, line.as_bytes()));
    assert_eq!(closed.rest().1, Some(1009));
    fail_to_join(&server, &mut canaries);
    bo.send_line(&json!({ "t": "beat" }));
    bo.wait("beat");
    wait_for_copies(server.pid(), &canaries, 0);
    drop((participants, bo));
}

/// Sends a line over WebSocket and over a poll; both refuse it with this reason.
fn refused_twice(server: &Server, participants: &mut (Client, Poller), why: &str, line: &str) {
    let (ana, dee) = participants;
    ana.send_bytes(&frame(0x81, line.as_bytes()));
    assert_eq!(ana.wait("refused")["why"], why, "{line}");
    let bearer = dee.welcome["resume"].as_str().unwrap();
    let answer = server.post("/poll", &format!("Authorization: Bearer {bearer}\r\n"), line);
    assert!(answer.body.contains(why), "{answer:?}");
}

/// Joins that fail: an invalid name, a wrong ticket, a connection that breaks inside its first
/// frame.
fn fail_to_join(server: &Server, canaries: &mut Canaries) {
    let join = server.join_line(&canaries.text("a name that is too long"));
    assert_eq!(server.refusal(&join)["why"], "bad_name");
    assert!(server.post("/poll", "", &join.to_string()).body.contains("bad_name"));
    let mut join = server.join_line(&canaries.name());
    join["ticket"] = "A".repeat(22).into();
    assert_eq!(server.refusal(&join)["why"], "bad_ticket");
    let join = server.join_line(&canaries.text("half a frame")).to_string();
    let mut cut = server.open_socket();
    cut.send_bytes(&frame(0x89, b"there?"));
    let whole = frame(0x81, join.as_bytes());
    cut.send_bytes(&whole[..whole.len() - 40]);
    cut.disconnect();
}
