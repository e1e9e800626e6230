//! Requests: lines, headers, hosts, origins, methods, lengths that contradict each other, requests
//! behind requests, heads that never end, upgrades half done.

use std::io::Write as _;
use std::net::TcpStream;

use crate::dice::Dice;
use crate::request::{self, Sent};
use crate::room::{Room, Way};
use crate::turn::{Kind, Turn};
use crate::wire::connect;

/// Connections whose heads never end, which are held beside the others.
const SLOW: usize = 32;

const METHODS: [&str; 12] = [
    "GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE", "CONNECT", "get", "G E T", "", "PRI",
    "POST\0",
];
const VERSIONS: [&str; 9] = [
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "HTTP/0.9",
    "HTTP/1.1 x",
    "",
    "http/1.1",
    "HTTP/1.",
    "ICY",
];
const TARGETS: [&str; 20] = [
    "/",
    "/ws",
    "/poll",
    "/poll?after=0",
    "/poll?after=-1",
    "/poll?after=99999999999999999999",
    "/poll?after=1&after=2",
    "/bye",
    "/health",
    "/t/x",
    "/t/%00",
    "/t/../../etc/passwd",
    "*",
    "//",
    "",
    "http://evil.test/",
    "/%",
    "/t/\u{202e}",
    "/?%ff",
    "evil.test:80",
];
const HEADERS: [&str; 34] = [
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 5, 5",
    "Content-Length: 99999999999999999999",
    "Content-Length: +5",
    "Content-Length:",
    "Content-Length: 0x5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding:\tchunked",
    "Expect: 100-continue",
    "Expect: x",
    "Connection: close",
    "Connection: keep-alive, Upgrade",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Version: 8",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Key: x",
    "Sec-WebSocket-Extensions: permessage-deflate",
    "Sec-WebSocket-Protocol: x",
    "Authorization: Bearer x",
    "Authorization: Basic eDp4",
    "X-Forwarded-For: 1.2.3.4",
    "Sec-Fetch-Site: cross-site",
    " folded: x",
    "no colon",
    ": no name",
];
const HOSTS: [&str; 14] = [
    "",
    "evil.test",
    "localhost",
    "127.0.0.1",
    "127.0.0.1:+1",
    "127.0.0.1:99999",
    "[::1]",
    "[::1",
    "x.trycloudflare.com",
    "x.trycloudflare.com.",
    ".trycloudflare.com",
    "a@b",
    "\u{e9}",
    "127.1",
];
const BODIES: [&[u8]; 10] = [
    b"",
    b"hello",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\n",
    b"-1\r\n",
    b"5;x=y\r\nhello",
    b"5\r\nhelloGET / HTTP/1.1\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
];

pub(crate) fn run(turn: &mut Turn, room: &mut Room) {
    let mut slow: Vec<TcpStream> = Vec::new();
    while let Some((batch, mut dice)) = turn.next() {
        let dice = &mut dice;
        for _ in 0..turn.surface.batch() {
            let (bytes, sent) = if dice.once_in(4) {
                (whole(dice, &room.way), Sent::Whole)
            } else {
                (wrong(dice, &room.way), Sent::Perhaps)
            };
            turn.inputs += 1;
            match request::ask(room.way.address, &bytes, sent) {
                Ok(answer) => told(turn, batch, room, &bytes, &answer),
                Err(what) => {
                    let bytes = String::from_utf8_lossy(&bytes).into_owned();
                    turn.found(Kind::Broken, batch, format!("{what}: {bytes:?}"));
                }
            }
        }
        creep(dice, room, &mut slow);
        if !room.look(turn, batch) {
            return;
        }
    }
}

/// An answer that repeats the ticket would give it to whoever made a browser ask.
fn told(turn: &mut Turn, batch: u64, room: &Room, bytes: &[u8], answer: &[u8]) {
    let ticket = room.way.ticket.as_bytes();
    if answer.windows(ticket.len()).any(|part| part == ticket) {
        let bytes = String::from_utf8_lossy(bytes).into_owned();
        turn.found(Kind::Broken, batch, format!("the answer has the ticket in it: {bytes:?}"));
    }
}

/// A request with a whole head, in which a value is strange; without a body, or with all of it.
fn whole(dice: &mut Dice, way: &Way) -> Vec<u8> {
    let host = if dice.once_in(3) { dice.pick(&HOSTS).to_owned() } else { way.address.to_string() };
    let origin = match dice.below(4) {
        0 => "Origin: null\r\n".to_owned(),
        1 => format!("Origin: http://{}\r\n", dice.pick(&HOSTS)),
        2 => format!("Origin: http://{}\r\n", way.address),
        _ => String::new(),
    };
    let target = TARGETS[..12][dice.below(12)];
    let body = if dice.once_in(2) { "{\"t\":\"beat\"}" } else { "" };
    let length = body.len();
    // Without a method that asks for the head alone, and without what asks for a poll to be held:
    // a first line that is no join is refused.
    let method = dice.pick(&["GET", "POST", "PUT", "OPTIONS", "DELETE"]);
    let host: String = host.chars().filter(char::is_ascii).collect();
    format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Anything.
fn wrong(dice: &mut Dice, way: &Way) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Requests behind requests: only the first is served.
    for _ in 0..=usize::from(dice.once_in(8)) * dice.below(20) {
        let target = if dice.once_in(5) {
            format!("/t/{}", way.ticket)
        } else {
            dice.pick(&TARGETS).to_owned()
        };
        let line = format!("{} {target} {}\r\n", dice.pick(&METHODS), dice.pick(&VERSIONS));
        bytes.extend(line.into_bytes());
        for _ in 0..usize::from(!dice.once_in(8)) + usize::from(dice.once_in(8)) {
            let right = way.address.to_string();
            let host = if dice.once_in(3) { dice.pick(&HOSTS) } else { &right };
            bytes.extend(format!("Host: {host}\r\n").into_bytes());
        }
        for _ in 0..dice.below(6) {
            bytes.extend(dice.pick(&HEADERS).bytes());
            bytes.extend(dice.pick(&["\r\n", "\r\n", "\r\n", "\n", "\r", "\0\r\n"]).bytes());
        }
        if dice.once_in(30) {
            bytes.extend(b"X: ");
            bytes.resize(bytes.len() + dice.below(40_000), b'x');
            bytes.extend(b"\r\n");
        }
        if dice.once_in(30) {
            bytes.extend(b"a:b\r\n".repeat(dice.below(400)));
        }
        bytes.extend(b"\r\n");
        bytes.extend(dice.pick(&BODIES));
    }
    for _ in 0..usize::from(dice.once_in(3)) * dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(3) {
            0 => bytes[at] = dice.byte(),
            1 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// A byte more for each of those who are slow, and one more of them.
fn creep(dice: &mut Dice, room: &Room, slow: &mut Vec<TcpStream>) {
    slow.retain_mut(|stream| stream.write_all(&[b'a' + dice.byte() % 26]).is_ok());
    if slow.len() == SLOW {
        slow.remove(dice.below(SLOW));
    }
    let mut stream = connect(room.way.address);
    let begun: &[&str] = &[
        "G",
        "GET / HTTP/1.1\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX: ",
        "POST /poll HTTP/1.1\r\nContent-Length: 9000\r\n",
    ];
    if stream.write_all(dice.pick(begun).as_bytes()).is_ok() {
        slow.push(stream);
    }
}
