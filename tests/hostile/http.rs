//! HTTP requests: request lines, headers, hosts, origins, methods, contradicting lengths, pipelined
//! requests, heads that never end, incomplete upgrades.

use std::io::Write as _;
use std::net::TcpStream;

use crate::campaign::{Campaign, Failure};
use crate::connection::connect;
use crate::harness::rng::Rng;
use crate::request::{self, Framing};
use crate::room::{Link, Room};

/// Open connections that send one byte of a head per batch.
const MAX_SLOW: usize = 32;

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

pub(crate) fn run(campaign: &mut Campaign, room: &mut Room) {
    let mut slow: Vec<TcpStream> = Vec::new();
    while let Some((batch, mut rng)) = campaign.next_batch() {
        let rng = &mut rng;
        for _ in 0..campaign.surface.batch_inputs() {
            let (bytes, sent) = if rng.one_in(4) {
                (well_formed(rng, &room.link), Framing::Complete)
            } else {
                (malformed(rng, &room.link), Framing::Ambiguous)
            };
            campaign.inputs += 1;
            match request::send(room.link.address, &bytes, sent) {
                Ok(answer) => check_secrecy(campaign, batch, room, &bytes, &answer),
                Err(what) => {
                    let bytes = String::from_utf8_lossy(&bytes).into_owned();
                    campaign.report(Failure::Violation, batch, format!("{what}: {bytes:?}"));
                }
            }
        }
        feed_slow(rng, room, &mut slow);
        if !room.check(campaign, batch) {
            return;
        }
    }
}

/// An answer that repeats the ticket would leak it to the site that made a browser send the
/// request.
fn check_secrecy(campaign: &mut Campaign, batch: u64, room: &Room, bytes: &[u8], answer: &[u8]) {
    let ticket = room.link.ticket.as_bytes();
    if answer.windows(ticket.len()).any(|part| part == ticket) {
        let bytes = String::from_utf8_lossy(bytes).into_owned();
        campaign.report(
            Failure::Violation,
            batch,
            format!("the answer contains the ticket: {bytes:?}"),
        );
    }
}

/// A request that is well-formed and as long as it says, with unusual values.
fn well_formed(rng: &mut Rng, link: &Link) -> Vec<u8> {
    let host = if rng.one_in(3) { rng.choose(&HOSTS).to_owned() } else { link.address.to_string() };
    let origin = match rng.below(4) {
        0 => "Origin: null\r\n".to_owned(),
        1 => format!("Origin: http://{}\r\n", rng.choose(&HOSTS)),
        2 => format!("Origin: http://{}\r\n", link.address),
        _ => String::new(),
    };
    let target = TARGETS[..12][rng.below(12)];
    let body = if rng.one_in(2) { "{\"t\":\"beat\"}" } else { "" };
    let length = body.len();
    // Not HEAD, whose answer has no body. The body is no join, so no poll is parked.
    let method = rng.choose(&["GET", "POST", "PUT", "OPTIONS", "DELETE"]);
    let host: String = host.chars().filter(char::is_ascii).collect();
    format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A request with errors.
fn malformed(rng: &mut Rng, link: &Link) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Sometimes pipelined; the server answers the first only.
    for _ in 0..=usize::from(rng.one_in(8)) * rng.below(20) {
        let target = if rng.one_in(5) {
            format!("/t/{}", link.ticket)
        } else {
            rng.choose(&TARGETS).to_owned()
        };
        let line = format!("{} {target} {}\r\n", rng.choose(&METHODS), rng.choose(&VERSIONS));
        bytes.extend(line.into_bytes());
        for _ in 0..usize::from(!rng.one_in(8)) + usize::from(rng.one_in(8)) {
            let own = link.address.to_string();
            let host = if rng.one_in(3) { rng.choose(&HOSTS) } else { &own };
            bytes.extend(format!("Host: {host}\r\n").into_bytes());
        }
        for _ in 0..rng.below(6) {
            bytes.extend(rng.choose(&HEADERS).bytes());
            bytes.extend(rng.choose(&["\r\n", "\r\n", "\r\n", "\n", "\r", "\0\r\n"]).bytes());
        }
        if rng.one_in(30) {
            bytes.extend(b"X: ");
            bytes.resize(bytes.len() + rng.below(40_000), b'x');
            bytes.extend(b"\r\n");
        }
        if rng.one_in(30) {
            bytes.extend(b"a:b\r\n".repeat(rng.below(400)));
        }
        bytes.extend(b"\r\n");
        bytes.extend(rng.choose(&BODIES));
    }
    for _ in 0..usize::from(rng.one_in(3)) * rng.below(4) {
        let at = rng.below(bytes.len());
        match rng.below(3) {
            0 => bytes[at] = rng.byte(),
            1 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// Sends one more byte on each slow connection, and opens another.
fn feed_slow(rng: &mut Rng, room: &Room, slow: &mut Vec<TcpStream>) {
    slow.retain_mut(|stream| stream.write_all(&[b'a' + rng.byte() % 26]).is_ok());
    if slow.len() == MAX_SLOW {
        slow.remove(rng.below(MAX_SLOW));
    }
    let mut stream = connect(room.link.address);
    let begun: &[&str] = &[
        "G",
        "GET / HTTP/1.1\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX: ",
        "POST /poll HTTP/1.1\r\nContent-Length: 9000\r\n",
    ];
    if stream.write_all(rng.choose(begun).as_bytes()).is_ok() {
        slow.push(stream);
    }
}
