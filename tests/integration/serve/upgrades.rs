//! `Upgrade` (RFC 9110, section 7.8): handshakes of WebSocket in every form, and other protocols, which
//! are passed over. Each row is one request to a room.

use serde_json::json;

use super::http::Response;
use super::server::Server;

/// A handshake of RFC 6455, section 1.3, without its `Origin`.
const HANDSHAKE: [(&str, &str); 4] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// What `Connection: Upgrade` to HTTP/2 looks like from curl and from every Java client (RFC 7540,
/// section 3.2).
const H2C: &str = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                   HTTP2-Settings: AAMAAABkAAQAAP__\r\n";

/// The response to a handshake with other lines in place of those of one header; `None` leaves it out.
fn handshake(server: &Server, line: &str, name: &str, lines: Option<&str>) -> Response {
    let mut headers = format!("Origin: http://{}\r\n", server.host);
    for (known, value) in HANDSHAKE {
        match lines {
            Some(lines) if known == name => headers.push_str(lines),
            None if known == name => {}
            _ => headers.push_str(&format!("{known}: {value}\r\n")),
        }
    }
    server.request(line, &headers)
}

#[test]
fn a_handshake_is_accepted_in_every_form() {
    let server = Server::start();
    for (name, lines) in [
        ("", ""),
        ("Upgrade", "Upgrade: WebSocket\r\n"),
        ("Upgrade", "upgrade: WEBSOCKET\r\n"),
        ("Upgrade", "Upgrade: h2c, websocket\r\n"),
        ("Upgrade", "Upgrade: websocket,h2c\r\n"),
        ("Upgrade", "Upgrade: h2c\r\nUpgrade: websocket\r\n"),
        ("Connection", "Connection: upgrade\r\n"),
        ("Connection", "Connection: keep-alive, Upgrade\r\n"),
        ("Connection", "Connection: keep-alive,\tUPGRADE\t,x\r\n"),
        ("Connection", "Connection: Upgrade,keep-alive\r\n"),
        ("Connection", "Connection: keep-alive\r\nConnection: upgrade\r\n"),
        ("Connection", "Connection: Upgrade\r\nSec-WebSocket-Protocol: chat, x\r\n"),
        ("Connection", "Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"),
        ("Connection", "Connection: Upgrade\r\nCookie: a=b\r\nUser-Agent: x\r\n"),
    ] {
        let response = handshake(&server, "GET /ws", name, Some(lines));
        assert_eq!(response.status, 101, "{lines:?} {response:?}");
        // RFC 6455, section 1.3.
        assert_eq!(response.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(response.header("upgrade"), "websocket");
        assert_eq!(response.header("connection").to_lowercase(), "upgrade");
        for absent in ["sec-websocket-protocol", "sec-websocket-extensions", "content-length"] {
            assert!(!response.has(absent), "{lines:?} {response:?}");
        }
    }
}

/// RFC 9110, section 15.5.22, and RFC 6455, sections 4.2.1 and 4.4.
#[test]
fn a_handshake_that_lacks_something_is_told_what() {
    let server = Server::start();
    for (status, name, lines) in [
        (426, "Upgrade", None),
        (426, "Upgrade", Some("Upgrade: h2c\r\n")),
        (426, "Upgrade", Some("Upgrade: websocket2\r\n")),
        (426, "Connection", None),
        (426, "Connection", Some("Connection: keep-alive\r\n")),
        (426, "Connection", Some("Connection: xupgrade\r\n")),
        (426, "Sec-WebSocket-Version", None),
        (426, "Sec-WebSocket-Version", Some("Sec-WebSocket-Version: 8\r\n")),
        (426, "Sec-WebSocket-Version", Some("Sec-WebSocket-Version: 13, 8\r\n")),
        (400, "Sec-WebSocket-Key", None),
        (400, "Sec-WebSocket-Key", Some("Sec-WebSocket-Key: x\r\n")),
        (400, "Sec-WebSocket-Key", Some("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=\r\n")),
        (400, "Sec-WebSocket-Key", Some("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==\r\n")),
        (
            400,
            "Sec-WebSocket-Key",
            Some(
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            ),
        ),
    ] {
        let response = handshake(&server, "GET /ws", name, lines);
        assert_eq!(response.status, status, "{name} {lines:?} {response:?}");
        assert!(response.body.contains("WebSocket"), "{response:?}");
        if status == 426 {
            assert_eq!(response.header("upgrade"), "websocket");
            assert_eq!(response.header("connection"), "upgrade, close");
            assert_eq!(response.header("sec-websocket-version"), "13");
        }
    }
    // RFC 9110, section 7.8: an HTTP/1.0 client cannot upgrade; and only GET is a handshake.
    let old = server.request_raw(&format!(
        "GET /ws HTTP/1.0\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        server.host
    ));
    assert_eq!(old.status, 426);
    assert_eq!(handshake(&server, "HEAD /ws", "", Some("")).status, 426);
    assert_eq!(handshake(&server, "POST /ws", "", Some("")).status, 405);
}

/// RFC 9110, section 7.8: a server may pass over any upgrade, and over this one it does.
#[test]
fn an_upgrade_to_another_protocol_is_passed_over() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    for upgrade in [
        H2C,
        "Connection: Upgrade\r\nUpgrade: foo/2, bar, TLS/1.0\r\n",
        "Upgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: Upgrade\r\n",
        "Connection: Upgrade\r\nUpgrade:\r\n",
    ] {
        for (status, line) in [(200, "GET /"), (200, "HEAD /t/x"), (204, "GET /health")] {
            assert_eq!(server.request(line, upgrade).status, status, "{line} {upgrade}");
        }
        assert_eq!(server.post("/bye", upgrade, "").status, 204, "{upgrade}");
        let join = server.join_line("Bo").to_string();
        let refused = server.post("/poll", upgrade, &join.replace(&server.ticket, "x"));
        assert_eq!(refused.events()[0]["why"], "bad_ticket", "{upgrade}");
        // From another site it is refused as without the header.
        let foreign = format!("{upgrade}Origin: http://evil.test\r\n");
        assert_eq!(server.post("/bye", &foreign, "").status, 403, "{upgrade}");
    }
    // A poll that is held.
    let resume = ana.welcome["resume"].as_str().unwrap().to_owned();
    let mut connection = server.connect();
    connection.send(
        format!(
            "POST /poll?after=1 HTTP/1.1\r\nHost: {}\r\n{H2C}Authorization: Bearer {resume}\r\n\
             Content-Length: 0\r\n\r\n",
            server.host
        )
        .as_bytes(),
    );
    assert_eq!(ana.rest().1, Some(4001));
    let mut bo = server.join("Bo");
    bo.say("hello");
    let response = connection.response();
    assert_eq!((response.status, response.events()[0]["t"].clone()), (200, json!("joined")));
}
