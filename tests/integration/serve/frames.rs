//! WebSockets byte by byte (RFC 6455), without a library, which would send valid frames only.

use serde_json::{Value, json};

use super::http::Connection;
use super::server::Server;

pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// With the key of the example in the RFC (section 1.3).
const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A masked frame with this first byte and at most 65 535 bytes of payload.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..126) => frame.push(0x80 | length),
        Ok(_) | Err(_) => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn line(line: &Value) -> Vec<u8> {
    frame(TEXT, line.to_string().as_bytes())
}

struct Socket(Connection);

impl Socket {
    /// Opens a socket, with these bytes right behind the handshake.
    fn open(server: &Server, early: &[u8]) -> Self {
        let mut connection = server.connect();
        let host = &server.host;
        let request =
            format!("GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{HANDSHAKE}\r\n");
        connection.send(&[request.as_bytes(), early].concat());
        let answer = connection.head();
        assert_eq!(answer.status, 101);
        assert_eq!(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(answer.header("upgrade"), "websocket");
        assert_eq!(answer.header("connection").to_lowercase(), "upgrade");
        Self(connection)
    }

    /// A participant who has joined.
    fn join(server: &Server, name: &str) -> Self {
        let mut socket = Self::open(server, &line(&server.join_line(name)));
        socket.wait("welcome");
        socket
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.send(bytes);
    }

    /// The next frame: its first byte and its payload.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.0.read_bytes(2);
        let length = match head[1] {
            126 => u16::from_be_bytes(self.0.read_bytes(2).try_into().unwrap()).into(),
            127 => usize::try_from(u64::from_be_bytes(self.0.read_bytes(8).try_into().unwrap()))
                .unwrap(),
            length => usize::from(length),
        };
        (head[0], self.0.read_bytes(length))
    }

    /// The next event of this kind; those before it are skipped.
    fn wait(&mut self, kind: &str) -> Value {
        loop {
            let (first, payload) = self.frame();
            assert_eq!(first, TEXT, "{payload:?}");
            let text = String::from_utf8(payload).unwrap();
            let mut events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            if let Some(event) = events.find(|event| event["t"] == kind) {
                return event;
            }
        }
    }

    /// The payload of the server's close frame. The server then closes its side without waiting for an
    /// answer.
    fn closed(mut self) -> Vec<u8> {
        loop {
            match self.frame() {
                (CLOSE, payload) => {
                    assert_eq!(self.0.rest(), b"");
                    return payload;
                }
                (first, _) => assert_eq!(first, TEXT),
            }
        }
    }
}

#[test]
fn bytes_right_behind_the_handshake_are_read() {
    let server = Server::start();
    let say = line(&json!({"t": "say", "body": "early"}));
    let (some, rest) = say.split_at(9);
    let early = [&line(&server.join_line("Ana")), &frame(PING, b"?")[..], some].concat();
    let mut ana = Socket::open(&server, &early);
    ana.wait("welcome");
    assert_eq!(ana.frame(), (PONG, b"?".to_vec()));
    ana.send(rest);
    assert_eq!(ana.wait("said")["body"], "early");
}

#[test]
fn a_message_may_be_fragmented_with_a_ping_in_between() {
    let server = Server::start();
    let mut bo = server.join("Bo");
    let mut ana = Socket::join(&server, "Ana");
    let said = json!({"t": "say", "body": "grüße"}).to_string();
    // Within a letter.
    let (start, end) = said.as_bytes().split_at(said.find('ü').unwrap() + 1);
    ana.send(&frame(TEXT & !FINAL, start));
    ana.send(&frame(PING, b"there?"));
    assert_eq!(ana.frame(), (PONG, b"there?".to_vec()));
    ana.send(&frame(0, b""));
    ana.send(&frame(FINAL, end));
    assert_eq!(ana.wait("said")["body"], "grüße");
    bo.until_said("grüße");
}

#[test]
fn a_pong_has_the_payload_of_its_ping_before_the_join_too() {
    let server = Server::start();
    let mut ana = Socket::open(&server, &[]);
    let longest = [7; 125];
    for join in [Some(line(&server.join_line("Ana"))), None] {
        for payload in [&b""[..], b"x", &longest] {
            ana.send(&frame(PING, payload));
            assert_eq!(ana.frame(), (PONG, payload.to_vec()));
        }
        if let Some(join) = join {
            ana.send(&join);
            ana.wait("welcome");
        }
    }
}

#[test]
fn an_invalid_frame_closes_its_socket_with_1002_and_no_other() {
    let server = Server::start();
    let mut bo = server.join("Bo");
    for (number, (what, mistake)) in [
        ("unmasked", vec![TEXT, 2, b'h', b'i']),
        ("a reserved bit", frame(TEXT | 0x40, b"x")),
        ("a reserved opcode", frame(0x83, b"x")),
        ("a ping in parts", frame(PING & !FINAL, b"x")),
        ("a ping of 126 bytes", frame(PING, &[0; 126])),
        ("a part of nothing", frame(FINAL, b"x")),
        ("a message in a message", [frame(TEXT & !FINAL, b"x"), frame(TEXT, b"y")].concat()),
        ("half a close code", frame(CLOSE, &[3])),
    ]
    .into_iter()
    .enumerate()
    {
        let mut ana = Socket::join(&server, &format!("Ana {number}"));
        // The bytes behind it are ignored, and do not keep the code from arriving either.
        let follows = line(&json!({"t": "say", "body": "ignored"})).repeat(1000);
        ana.send(&[mistake, follows].concat());
        assert_eq!(ana.closed(), 1002_u16.to_be_bytes(), "{what}");
    }
    bo.say("on we go");
    let events = bo.until_said("on we go");
    assert_eq!(events.iter().filter(|event| event["t"] == "said").count(), 1);
}

#[test]
fn a_close_frame_is_answered_with_its_code_and_ends_the_connection() {
    let server = Server::start();
    for (number, payload) in [&b""[..], &[0x03, 0xe9], &[0x0f, 0xa0, b'!']].iter().enumerate() {
        for mut socket in
            [Socket::open(&server, &[]), Socket::join(&server, &format!("Ana {number}"))]
        {
            socket.send(&frame(CLOSE, payload));
            assert_eq!(socket.closed(), payload[..payload.len().min(2)]);
        }
    }
}

/// The bound is the number of participants, and 256. One more connection without a ticket evicts the
/// oldest of them, and never a participant.
#[test]
fn beyond_the_bound_the_oldest_socket_without_a_ticket_is_evicted() {
    let server = Server::with(&["--max-participants", "2"], "{}");
    let mut ana = server.join("Ana");
    let mut pending: Vec<Socket> = (0..600).map(|_| Socket::open(&server, &[])).collect();
    let mut bo = server.join("Bo");
    ana.say("still here");
    bo.until_said("still here");
    // The newest is still served, the oldest is closed.
    let last = pending.last_mut().unwrap();
    last.send(&frame(PING, b"?"));
    assert_eq!(last.frame(), (PONG, b"?".to_vec()));
    assert_eq!(pending.remove(0).0.rest(), b"");
}

/// A pong costs more than a ping, so there are sixteen before the join.
#[test]
fn a_client_that_pings_without_joining_is_soon_disconnected() {
    let server = Server::start();
    let mut socket = Socket::open(&server, &[]);
    for round in 0_u8.. {
        socket.send(&frame(PING, &[round]));
        if round == 17 {
            break;
        }
        if round < 17 {
            assert_eq!(socket.frame(), (PONG, vec![round]));
        }
    }
    assert_eq!(socket.0.rest(), b"");
    // Many at once are answered by fewer pongs, the last of them for the last ping.
    let mut ana = Socket::join(&server, "Ana");
    ana.send(&[frame(PING, b"x").repeat(300), frame(PING, b"last")].concat());
    loop {
        let (first, payload) = ana.frame();
        assert_eq!(first, PONG);
        if payload == b"last" {
            break;
        }
    }
}
