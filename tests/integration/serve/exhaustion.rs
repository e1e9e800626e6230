//! What one client with or without the link can do to those who want to come in, and to what they
//! would read. V-21, V-35.

use std::net::TcpStream;

use serde_json::{Value, json};

use super::client::{Client, bodies};
use super::frames::frame;
use super::http::Connection;
use super::server::{Server, UNLIMITED};

/// Somebody comes and goes, by two lines in one request; what the room says to it.
fn come_and_go(server: &Server, name: &str) -> Value {
    let line = server.join_line(name);
    server.post("/poll", "", &format!("{line}\n{{\"t\":\"leave\"}}")).events().remove(0)
}

/// README: "so that nobody takes it over".
#[test]
fn the_name_of_somebody_who_left_is_not_to_be_had_by_coming_and_going() {
    let server = Server::start();
    let mut alice = server.join("Alice");
    alice.say("I am Alice, trust me");
    alice.until_said("I am Alice, trust me");
    alice.send_line(&json!({"t": "leave"}));
    alice.rest();
    let mut cut = server.join("Carol");
    cut.say("so am I");
    cut.until_said("so am I");
    let carol = cut.disconnect();
    let refused = (0..1500).filter(|number| {
        let answer = come_and_go(&server, &format!("C{number}"));
        answer["t"] == "refused" && answer["why"] == "too_fast"
    });
    assert!(refused.count() > 100, "joins have a pace");
    for name in ["Alice", "ALICE", "Carol"] {
        let refused = server.refusal(&server.join_line(name));
        assert_eq!(refused["why"], "name_taken", "{name}");
    }
    assert_eq!(server.resume(&carol, 0).welcome["you"], carol["you"]);
}

/// Whoever comes back within the half minute has lost nothing of what was said.
#[test]
fn joins_and_leaves_push_out_nothing_that_was_said() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let victim = server.join("Victim").disconnect();
    ana.say("important");
    ana.until_said("important");
    for number in 0..1500 {
        come_and_go(&server, &format!("D{number}"));
    }
    ana.say("the end");
    let mut back = server.resume(&victim, victim["seq"].as_u64().unwrap());
    let heard = back.until_said("the end");
    assert_eq!(bodies(&heard), ["important", "the end"]);
    assert!(heard.iter().all(|event| event["t"] != "gap"), "nothing is missed");
}

/// One who takes every seat and hangs up keeps nobody out, again and again.
#[test]
fn seats_that_were_taken_and_left_behind_are_given_to_newcomers() {
    let server = Server::with(&["--max-participants", "5"], UNLIMITED);
    let mut ana = server.join("Ana");
    for round in 0..20 {
        let taken: Vec<Client> =
            (0..4).map(|number| server.join(&format!("T{round} {number}"))).collect();
        assert_eq!(server.refusal(&server.join_line("Newcomer"))["why"], "full");
        for client in taken {
            client.disconnect();
        }
        ana.say("round");
        ana.until_said("round");
        let mut newcomer = server.join(&format!("Newcomer {round}"));
        newcomer.say("in");
        ana.until_said("in");
        newcomer.send_line(&json!({"t": "leave"}));
        newcomer.rest();
    }
}

/// A welcome with a long backlog that nobody takes, by socket and by poll.
pub(super) fn stall(server: &Server, number: usize) -> Connection {
    let host = &server.host;
    let line = server.join_line(&format!("Stalled {number}")).to_string();
    let mut connection = server.connect();
    let request = if number.is_multiple_of(2) {
        format!(
            "POST /poll HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n{line}",
            line.len()
        )
    } else {
        format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    connection.send(request.as_bytes());
    if number % 2 == 1 {
        connection.send(&frame(0x81, line.as_bytes()));
    }
    connection
}

#[test]
fn welcomes_that_nobody_takes_hold_up_nobody() {
    let config = r#"{"room":{"backlog":250,"max_participants":1000,"rate":{"per_second":0}}}"#;
    let server = Server::with(&[], config);
    let mut ana = server.join("Ana");
    for _ in 0..260 {
        ana.say(&"w".repeat(4000));
        ana.wait("said");
    }
    let stalled: Vec<Connection> = (0..400).map(|number| stall(&server, number)).collect();
    let bo = server.join("Bo");
    assert!(!bo.welcome["you"].is_null());
    drop(stalled);
}

/// Ten thousand connections that say nothing, as fast as they go, and four hundred sockets without a
/// ticket. The limit of open files of this process bounds how many of them are open at a time.
#[test]
fn connections_without_a_ticket_keep_nobody_waiting() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let mut open = std::collections::VecDeque::new();
    for number in 0..10_000 {
        open.push_back(TcpStream::connect(server.address()).unwrap());
        if open.len() > 500 {
            open.pop_front();
        }
        if number % 500 == 0 {
            let mut cy = server.join(&format!("Cy {number}"));
            cy.send_line(&json!({"t": "leave"}));
            cy.rest();
        }
    }
    ana.say("beside silence");
    bo.until_said("beside silence");
    let knocking: Vec<Client> = (0..400).map(|_| server.open_socket()).collect();
    server.join("Di");
    drop((knocking, open));
}

/// A thousand who come at once are all in.
#[test]
fn a_meeting_does_not_feel_the_pace() {
    const PEOPLE: usize = if cfg!(debug_assertions) { 400 } else { 1000 };
    let config = format!(r#"{{"room":{{"max_participants":{PEOPLE}}}}}"#);
    let server = Server::with(&[], &config);
    let mut crowd: Vec<Client> = (0..PEOPLE).map(|_| server.open_socket()).collect();
    for (number, client) in crowd.iter_mut().enumerate() {
        client.send_line(&server.join_line(&format!("Guest {number}")));
    }
    // Everybody learns of everybody: in the welcome, or later.
    for client in &mut crowd {
        client.welcome = client.wait("welcome");
        for _ in client.welcome["present"].as_array().unwrap().len() + 1..PEOPLE {
            client.wait("joined");
        }
    }
}
