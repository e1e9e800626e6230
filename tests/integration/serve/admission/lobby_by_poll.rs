//! People who wait until the operator admits them, by one poll after the other.

use serde_json::{Value, json};

use super::{expect_report, with_lobby};
use crate::harness::TestEnv;
use crate::serve::client::kinds;
use crate::serve::http::{Connection, Response};
use crate::serve::open_host::{OpenHost, join_line};

/// Sends a poll; the response is read later.
fn start(host: &OpenHost, query: &str, token: &Value, body: &str) -> Connection {
    let mut connection = Connection::to(host.address);
    let (address, length) = (host.address, body.len());
    let bearer = token.as_str().map(|it| format!("Authorization: Bearer {it}\r\n"));
    let bearer = bearer.unwrap_or_default();
    let request = format!(
        "POST /poll{query} HTTP/1.1\r\nHost: {address}\r\n{bearer}Content-Length: {length}\r\n\r\n{body}"
    );
    connection.send(request.as_bytes());
    connection
}

fn poll(host: &OpenHost, query: &str, token: &Value, body: &str) -> Response {
    start(host, query, token, body).response()
}

/// The token and the number of someone in the lobby.
fn waiting(host: &mut OpenHost, name: &str) -> (Value, u64) {
    let answer = poll(host, "", &Value::Null, &join_line(name).to_string());
    let events = answer.events();
    assert_eq!((answer.status, kinds(&events)), (200, vec!["waiting"]));
    let number = expect_report(host, "waits")["participant"]["number"].as_u64().unwrap();
    (events[0]["resume"].clone(), number)
}

/// A poll that is held: the server has read it once it answers a heartbeat that came later.
fn held(host: &OpenHost, token: &Value) -> Connection {
    start(host, "?after=0", token, "")
}

#[test]
fn a_poll_is_held_until_the_operator_decides() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (token, number) = waiting(&mut host, "Ana");
    let mut waits = held(&host, &token);
    host.order("admit", json!({"number": number}));
    let welcome = waits.response().events().remove(0);
    assert_eq!((&welcome["t"], &welcome["you"]["n"]), (&json!("welcome"), &json!(number)));
    assert_eq!(welcome["resume"], token);
    assert_eq!(host.recv()["type"], "joined");
    let said =
        poll(&host, &format!("?after={}", welcome["seq"]), &token, r#"{"t":"say","body":"x"}"#);
    assert_eq!(kinds(&said.events()), ["said"]);
    let (token, number) = waiting(&mut host, "Bo");
    let mut waits = held(&host, &token);
    host.order("reject", json!({"number": number}));
    assert_eq!(waits.response().events()[0]["why"], "not_admitted");
}

/// What was decided between two polls, or whose answer was lost, is in the next answer.
#[test]
fn a_decision_between_two_polls_is_not_lost() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    for (query, names) in [("", ["Ana", "Bo", "Cy"]), ("?after=0", ["Di", "Ed", "Fy"])] {
        let (token, number) = waiting(&mut host, names[0]);
        host.order("admit", json!({"number": number}));
        assert_eq!(host.recv()["type"], "joined");
        for _ in 0..2 {
            let events = poll(&host, query, &token, "").events();
            assert_eq!(
                (&events[0]["t"], &events[0]["you"]["n"]),
                (&json!("welcome"), &json!(number))
            );
        }
        poll(&host, "?after=1", &token, r#"{"t":"leave"}"#);
        assert_eq!(host.recv()["type"], "left");
        assert_eq!(poll(&host, query, &token, "").status, 401);
        let (token, number) = waiting(&mut host, names[1]);
        host.order("reject", json!({"number": number}));
        // The order has been carried out when the next one has been.
        let (_, number) = waiting(&mut host, names[2]);
        host.order("admit", json!({"number": number}));
        assert_eq!(host.recv()["type"], "joined");
        for _ in 0..2 {
            assert_eq!(poll(&host, query, &token, "").events()[0]["why"], "not_admitted");
        }
    }
}

#[test]
fn a_newer_transport_waits_in_place_of_the_older() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (token, number) = waiting(&mut host, "Ana");
    let mut older = held(&host, &token);
    // Answered at once, because it has a line.
    let beat = poll(&host, "", &token, r#"{"t":"beat"}"#);
    assert_eq!(kinds(&beat.events()), ["beat"]);
    let mut newer = held(&host, &token);
    let mut socket = host.open_socket();
    let mut line = join_line("Ana");
    line["resume"] = token.clone();
    socket.send_line(&line);
    socket.wait("waiting");
    assert_eq!((older.response().body, newer.response().body), (String::new(), String::new()));
    host.order("admit", json!({"number": number}));
    assert_eq!(socket.wait("welcome")["you"]["n"], number);
    assert_eq!(host.recv()["type"], "joined");
}

#[test]
fn a_client_that_leaves_waits_no_more_and_no_token_lets_it_in() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (token, number) = waiting(&mut host, "Ana");
    let answer = poll(&host, "", &token, r#"{"t":"say","body":"x"}"#);
    assert_eq!((answer.status, &answer.events()[0]["why"]), (400, &json!("bad_json")));
    let left = poll(&host, "", &token, r#"{"t":"leave"}"#);
    assert_eq!((left.status, left.body.as_str()), (200, ""));
    assert_eq!(expect_report(&mut host, "wait_ended")["number"], number);
    host.order("admit", json!({"number": number}));
    let (_, next) = waiting(&mut host, "Bo");
    assert!(next > number);
    for body in ["", r#"{"t":"say","body":"x"}"#] {
        let answer = poll(&host, "?after=0", &token, body);
        assert_eq!((answer.status, &answer.events()[0]["why"]), (401, &json!("bad_ticket")));
    }
    let wrong = json!(format!("{next}.AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(poll(&host, "?after=0", &wrong, "").status, 401);
}

#[test]
fn the_end_of_the_session_ends_a_held_poll() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (token, _) = waiting(&mut host, "Ana");
    let mut waits = held(&host, &token);
    host.send(&json!({"type": "drain"}));
    assert_eq!(waits.response().events()[0]["why"], "closing");
    assert_eq!(host.recv()["type"], "drained");
    assert_eq!(poll(&host, "", &token, "").events()[0]["why"], "closing");
}
