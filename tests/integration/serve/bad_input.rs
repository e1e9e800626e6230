//! Bad input gets a clear answer, and the other participants are not affected.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, bodies};
use super::server::{Server, UNLIMITED};

/// The header of a text frame of `length` bytes, masked with zeros (RFC 6455, section 5.2).
fn text_frame(length: u64) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 127];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame
}

fn assert_alive(ana: &mut Client, bo: &mut Client, word: &str) {
    ana.say(word);
    bo.until_said(word);
}

#[test]
fn a_message_of_a_megabyte_closes_its_socket_and_no_other() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let megabyte = json!({"t": "say", "body": "x".repeat(1 << 20)}).to_string();
    let _ = bo.send_frame(Message::text(megabyte));
    assert_eq!(bo.rest(), (vec![], Some(1009)));
    let mut back = server.resume(&bo.welcome, bo.welcome["seq"].as_u64().unwrap());
    assert_alive(&mut ana, &mut back, "on we go");
    // Before the join as well.
    let mut stranger = server.open_socket();
    let _ = stranger.send_frame(Message::text("x".repeat(1 << 20)));
    assert_eq!(stranger.rest().0.len(), 0);
    assert_eq!(bodies(&ana.until_said("on we go")), ["on we go"]);
}

#[test]
fn a_frame_that_announces_more_bytes_than_there_is_memory_takes_none() {
    let server = Server::start();
    let before = server.resident_kib();
    let mut greedy: Vec<Client> = ["Ana", "Bo", "Cy", "Di"].map(|name| server.join(name)).into();
    for client in &mut greedy {
        client.send_bytes(&text_frame(1 << 62));
        assert_eq!(client.rest().1, Some(1009));
    }
    assert!(server.resident_kib() < before + 8 * 1024);
}

#[test]
fn binary_messages_and_invalid_utf_8_are_refused() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    bo.send_frame(Message::Binary(vec![0, 1, 2].into())).unwrap();
    let refused = bo.wait("refused");
    assert_eq!(refused["why"], "bad_json");
    assert!(refused["text"].as_str().unwrap().contains("binary"));
    assert_alive(&mut bo, &mut ana, "still here");
    let mut invalid = text_frame(2);
    invalid.extend([0xff, 0xfe]);
    bo.until_said("still here");
    bo.send_bytes(&invalid);
    assert!(bo.rest().1.is_some());
    let mut back = server.resume(&bo.welcome, u64::MAX);
    assert_alive(&mut ana, &mut back, "and again");
    let mut stranger = server.open_socket();
    stranger.send_frame(Message::Binary(vec![0].into())).unwrap();
    let (events, code) = stranger.rest();
    assert_eq!((&events[0]["why"], code), (&"bad_json".into(), Some(4002)));
}

#[test]
fn invalid_lines_are_refused_one_by_one() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let deep = "[".repeat(8000);
    let long_ref = json!({"t": "say", "ref": "r".repeat(65), "body": "x"}).to_string();
    let wrong = [
        "{",
        "null",
        "[]",
        "\"join\"",
        "{}",
        r#"{"t":null}"#,
        r#"{"t":"shout","body":"x"}"#,
        r#"{"t":"say"}"#,
        r#"{"t":"say","body":1}"#,
        r#"{"t":"say","body":"x","body":"y"}"#,
        r#"{"t":"say","body":"x","extra":1}"#,
        r#"{"t":"say","body":"\ud800"}"#,
        r#"{"t":"beat","x":1}"#,
        r#"{"t":"join","name":"Zoe","ticket":"x"}"#,
        "\u{0}",
        &deep,
        &long_ref,
    ];
    for line in wrong {
        bo.send_text(line);
        let refused = bo.wait("refused");
        assert_eq!(refused["why"], "bad_json", "{line}");
        let text = refused["text"].as_str().unwrap();
        assert!(text.len() > 20 && !text.contains("shout"), "{text}");
    }
    // The lines before and after an invalid one are handled.
    bo.send_text("{\"t\":\"say\",\"body\":\"a\"}\nnonsense\n{\"t\":\"say\",\"body\":\"b\"}");
    assert_eq!(bodies(&ana.until_said("b")), ["a", "b"]);
    bo.send_text("");
    bo.send_text("\n\n");
    assert_alive(&mut bo, &mut ana, "c");
}

#[test]
fn the_first_line_must_be_a_join_with_the_right_ticket() {
    let server = Server::start();
    for first in [
        json!({"t": "say", "body": "x"}),
        json!({"t": "beat"}),
        json!({"t": "leave"}),
        json!("join"),
        json!({"t": "join", "name": "Ana"}),
        json!({"t": "join", "name": "Ana", "ticket": server.ticket, "n": 1}),
    ] {
        assert_eq!(server.refusal(&first)["why"], "bad_json", "{first}");
    }
    let mut wrong = server.join_line("Ana");
    for ticket in ["", "x", &"A".repeat(22), &format!("{} ", server.ticket), &"x".repeat(9000)] {
        wrong["ticket"] = ticket.into();
        let refused = server.refusal(&wrong);
        assert_eq!(refused["why"], "bad_ticket", "{ticket}");
        assert!(refused["text"].as_str().unwrap().contains("link"));
    }
    assert_eq!(server.join("Ana").number(), 1);
}

/// V-18: as many as the operator allows, and a sentence for the others.
#[test]
fn of_three_hundred_clients_a_hundred_join_and_talk() {
    let server = Server::start();
    let mut inside: Vec<Client> = Vec::new();
    let mut clients: Vec<Client> = (0..300).map(|_| server.open_socket()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send_line(&server.join_line(&format!("Guest {number}")));
    }
    let mut full = 0;
    for mut client in clients {
        let event = client.until(|event| event["t"] == "welcome" || event["t"] == "refused");
        let event = event.last().unwrap();
        if event["t"] == "welcome" {
            inside.push(client);
        } else {
            assert_eq!(event["why"], "full");
            assert!(event["text"].as_str().unwrap().contains("full; try again"));
            assert_eq!(client.rest().1, Some(4002));
            full += 1;
        }
    }
    assert_eq!((inside.len(), full), (100, 200));
    inside[7].say("we are a hundred");
    for client in &mut inside {
        client.until_said("we are a hundred");
    }
    // A participant who leaves makes room for another.
    inside[7].send_line(&json!({"t": "leave"}));
    inside[8].until(|event| event["t"] == "left");
    server.join("Late");
}

#[test]
fn strange_requests_get_a_response() {
    let server = Server::start();
    for (status, line) in [
        (404, "GET /%00"),
        (404, "GET /..%2f..%2fetc%2fpasswd"),
        (404, "GET /../../etc/passwd"),
        (404, "GET //"),
        (404, "GET /t/a/b"),
        (404, "GET /%zz"),
        (200, "GET /t/%ff%fe"),
        (200, "GET /t/%zz"),
        (204, "OPTIONS *"),
        (400, "GET /\u{1}"),
    ] {
        assert_eq!(server.request(line, "").status, status, "{line}");
    }
    let long = server.request(&format!("GET /{}", "x".repeat(20_000)), "").status;
    assert!([414, 431].contains(&long), "{long}");
    let huge = format!("X: {}\r\n", "x".repeat(20_000));
    assert_eq!(server.request("GET /", &huge).status, 431);
    let many: String = (0..500).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(server.request("GET /", &many).status, 431);
    for garbage in ["\r\n\r\n\r\n\r\n", "hello\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\r\n\r\n"] {
        let mut connection = server.connect();
        connection.send(garbage.as_bytes());
        connection.send(b"\0\r\n\r\n");
        let rest = connection.rest();
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400"), "{garbage:?}");
    }
    assert_eq!(server.request("GET /health", "").status, 204);
}
