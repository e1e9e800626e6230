//! Connections that send too slowly: each has ten seconds, and the others are served meanwhile.

use std::io::Write as _;
use std::thread;

use serde_json::json;

use super::http::Connection;
use super::server::Server;

/// Each connection sends the beginning of a request, and waits until the server closes. All at the same
/// time, because each takes the ten seconds.
#[test]
fn slow_connections_are_closed_while_the_others_are_served() {
    let server = Server::start();
    let host = &server.host;
    let starts = [
        String::new(),
        "GET".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: "),
        // Answered, and not closed by the client.
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        // The rest of the body does not come.
        format!("POST /poll HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\nab"),
    ];
    thread::scope(|scope| {
        let mut waits = Vec::new();
        for start in &starts {
            let mut connection = server.connect();
            connection.send(start.as_bytes());
            waits.push(scope.spawn(move || connection.rest()));
        }
        let mut silent = server.open_socket();
        scope.spawn(move || assert_eq!(silent.rest().0.len(), 0));
        let mut pinging = server.open_socket();
        scope.spawn(move || pinging.ping_until_closed());
        let dripping = server.connect();
        scope.spawn(move || drip(dripping));
        let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
        // Until all of them are closed.
        for round in 0.. {
            let body = format!("round {round}");
            ana.say(&body);
            let event = ana.until(|event| event["t"] == "said" || event["t"] == "refused");
            if event.last().unwrap()["t"] == "said" {
                bo.until_said(&body);
            }
            assert_eq!(server.request("GET /health", "").status, 204);
            if waits.iter().all(thread::ScopedJoinHandle::is_finished) {
                break;
            }
            ana.send_line(&json!({"t": "beat"}));
            ana.wait("beat");
        }
        for (wait, start) in waits.into_iter().zip(&starts) {
            let rest = String::from_utf8(wait.join().unwrap()).unwrap();
            let status = rest.get(9..12).unwrap_or_default();
            let expected = match start.rsplit_once("\r\n\r\n") {
                Some((_, "")) => "200",
                Some(_) => "408",
                None => status,
            };
            assert_eq!(status, expected, "{start:?}: {rest}");
        }
    });
}

/// A header now and then does not extend the time (slowloris).
fn drip(mut connection: Connection) {
    connection.send(b"GET / HTTP/1.1\r\n");
    let stream = connection.stream();
    let second = std::time::Duration::from_secs(1);
    stream.set_read_timeout(Some(second)).unwrap();
    for _ in 0..crate::harness::DEADLINE.as_secs() {
        if stream.write_all(b"X: y\r\n").is_err() || ended(stream) {
            return;
        }
    }
    panic!("a request that never ends is still read");
}

/// Waits for the end until the read times out.
fn ended(mut stream: &std::net::TcpStream) -> bool {
    let mut answer = [0; 1024];
    match std::io::Read::read(&mut stream, &mut answer) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

/// More half-open connections than a browser ever makes.
#[test]
fn half_open_connections_delay_no_participant() {
    let server = Server::start();
    let mut open: Vec<Connection> = (0..200).map(|_| server.connect()).collect();
    for connection in &mut open {
        connection.send(b"GET /t/x HTTP/1.1\r\nHost: ");
    }
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    ana.say("hello");
    bo.until_said("hello");
    assert_eq!(server.request("GET /", "").status, 200);
    // Dropped in the middle of a request, which must not affect others either.
    drop(open);
    bo.say("bye");
    ana.until_said("bye");
}
