//! WebSockets byte by byte (RFC 6455), past a library that would do everything right.

use serde_json::{Value, json};

use super::http::Connection;
use super::server::Server;

pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const LAST: u8 = 0x80;
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// With the key of the standard's example (section 1.3).
const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A masked frame that begins with this byte, of at most 65 535 bytes.
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
    /// Opens it, with these bytes right behind the handshake.
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

    /// Somebody in the room.
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

    /// The payload of the server's close, after which its side of the line has ended, without
    /// waiting for an answer.
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
fn what_comes_right_behind_the_handshake_is_heard() {
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
fn a_message_may_come_in_parts_with_a_ping_in_between() {
    let server = Server::start();
    let mut bo = server.join("Bo");
    let mut ana = Socket::join(&server, "Ana");
    let said = json!({"t": "say", "body": "grüße"}).to_string();
    // Within a letter.
    let (start, end) = said.as_bytes().split_at(said.find('ü').unwrap() + 1);
    ana.send(&frame(TEXT & !LAST, start));
    ana.send(&frame(PING, b"there?"));
    assert_eq!(ana.frame(), (PONG, b"there?".to_vec()));
    ana.send(&frame(0, b""));
    ana.send(&frame(LAST, end));
    assert_eq!(ana.wait("said")["body"], "grüße");
    bo.until_said("grüße");
}

#[test]
fn a_ping_is_answered_with_what_it_carried_before_the_join_too() {
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
fn what_is_no_frame_closes_the_socket_with_1002_and_nothing_else() {
    let server = Server::start();
    let mut bo = server.join("Bo");
    for (number, (what, mistake)) in [
        ("unmasked", vec![TEXT, 2, b'h', b'i']),
        ("a reserved bit", frame(TEXT | 0x40, b"x")),
        ("a reserved opcode", frame(0x83, b"x")),
        ("a ping in parts", frame(PING & !LAST, b"x")),
        ("a ping of 126 bytes", frame(PING, &[0; 126])),
        ("a part of nothing", frame(LAST, b"x")),
        ("a message in a message", [frame(TEXT & !LAST, b"x"), frame(TEXT, b"y")].concat()),
        ("half a close code", frame(CLOSE, &[3])),
    ]
    .into_iter()
    .enumerate()
    {
        let mut ana = Socket::join(&server, &format!("Ana {number}"));
        // What follows is not heard, and does not keep the code from arriving either.
        let follows = line(&json!({"t": "say", "body": "not heard"})).repeat(1000);
        ana.send(&[mistake, follows].concat());
        assert_eq!(ana.closed(), 1002_u16.to_be_bytes(), "{what}");
    }
    bo.say("on we go");
    let heard = bo.until_said("on we go");
    assert_eq!(heard.iter().filter(|event| event["t"] == "said").count(), 1);
}

#[test]
fn a_close_is_answered_in_kind_and_the_line_ends() {
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

#[test]
fn what_is_no_handshake_is_told_so() {
    let server = Server::start();
    let origin = format!("Origin: http://{}\r\n", server.host);
    for missing in HANDSHAKE.lines() {
        let headers = HANDSHAKE.replace(&format!("{missing}\r\n"), "");
        let answer = server.request("GET /ws", &format!("{origin}{headers}"));
        assert_eq!(answer.status, 400, "{missing}");
        assert!(answer.body.contains("handshake"), "{missing}");
    }
}

/// As many as the participants, and 256 that come, go and overlap: for one more without a ticket, the
/// oldest of them is cut, and nobody who is in the room.
#[test]
fn beyond_the_bound_of_sockets_the_oldest_without_a_ticket_goes() {
    let server = Server::with(&["--max-participants", "2"], "{}");
    let mut ana = server.join("Ana");
    let mut knocking: Vec<Socket> = (0..600).map(|_| Socket::open(&server, &[])).collect();
    let mut bo = server.join("Bo");
    ana.say("still here");
    bo.until_said("still here");
    // The youngest is still listened to, the oldest is gone.
    let last = knocking.last_mut().unwrap();
    last.send(&frame(PING, b"?"));
    assert_eq!(last.frame(), (PONG, b"?".to_vec()));
    assert_eq!(knocking.remove(0).0.rest(), b"");
}

/// An answer costs more than a question: before the join there are sixteen, however many pings come.
#[test]
fn pings_without_a_ticket_are_soon_too_many() {
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
    // Many at once are answered once, with the last.
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
