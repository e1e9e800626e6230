//! One client, with or without the link, that tries to keep others out of the room or to push messages
//! out of the ring (V-21, V-35).

use std::net::TcpStream;

use serde_json::{Value, json};

use super::client::{Client, bodies};
use super::frames::frame;
use super::http::Connection;
use super::server::{Server, UNLIMITED};

/// Joins and leaves by two lines in one request; returns the first event of the answer.
fn join_and_leave(server: &Server, name: &str) -> Value {
    let line = server.join_line(name);
    server.post("/poll", "", &format!("{line}\n{{\"t\":\"leave\"}}")).events().remove(0)
}

/// docs/security.md promises that a name stays reserved after its participant has left.
#[test]
fn joins_in_a_loop_do_not_free_a_reserved_name() {
    let server = Server::start();
    let mut alice = server.join("Alice");
    alice.say("I am Alice, trust me");
    alice.until_said("I am Alice, trust me");
    alice.send_line(&json!({"t": "leave"}));
    alice.rest();
    let mut carol = server.join("Carol");
    carol.say("so am I");
    carol.until_said("so am I");
    let carol = carol.disconnect();
    let refused = (0..1500).filter(|number| {
        let answer = join_and_leave(&server, &format!("C{number}"));
        answer["t"] == "refused" && answer["why"] == "too_fast"
    });
    assert!(refused.count() > 100, "joins are rate limited");
    for name in ["Alice", "ALICE", "Carol"] {
        let refused = server.refusal(&server.join_line(name));
        assert_eq!(refused["why"], "name_taken", "{name}");
    }
    assert_eq!(server.resume(&carol, 0).welcome["you"], carol["you"]);
}

/// A participant who resumes within half a minute has missed no message.
#[test]
fn joins_and_leaves_push_no_message_out_of_the_ring() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let victim = server.join("Victim").disconnect();
    ana.say("important");
    ana.until_said("important");
    for number in 0..1500 {
        join_and_leave(&server, &format!("D{number}"));
    }
    ana.say("the end");
    let mut back = server.resume(&victim, victim["seq"].as_u64().unwrap());
    let events = back.until_said("the end");
    assert_eq!(bodies(&events), ["important", "the end"]);
    assert!(events.iter().all(|event| event["t"] != "gap"), "nothing is missed");
}

/// A client that takes every seat and disconnects keeps no newcomer out.
#[test]
fn seats_that_were_taken_and_abandoned_go_to_newcomers() {
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

/// A join whose client never reads the welcome; odd numbers by socket, even ones by poll.
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
fn welcomes_that_are_never_read_delay_no_other_join() {
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

/// Ten thousand silent connections, as fast as they can be opened, and four hundred sockets without a
/// ticket. At most 500 are open at a time, for the limit of open files of this process.
#[test]
fn connections_without_a_ticket_delay_no_participant() {
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
    let pending: Vec<Client> = (0..400).map(|_| server.open_socket()).collect();
    server.join("Di");
    drop((pending, open));
}

/// A thousand clients that join at the same moment.
#[test]
fn the_rate_limit_of_joins_lets_a_whole_meeting_in() {
    const PEOPLE: usize = if cfg!(debug_assertions) { 400 } else { 1000 };
    let config = format!(r#"{{"room":{{"max_participants":{PEOPLE}}}}}"#);
    let server = Server::with(&[], &config);
    let mut crowd: Vec<Client> = (0..PEOPLE).map(|_| server.open_socket()).collect();
    for (number, client) in crowd.iter_mut().enumerate() {
        client.send_line(&server.join_line(&format!("Guest {number}")));
    }
    // Each client learns of all others: in its welcome, or later.
    for client in &mut crowd {
        client.welcome = client.wait("welcome");
        for _ in client.welcome["present"].as_array().unwrap().len() + 1..PEOPLE {
            client.wait("joined");
        }
    }
}
