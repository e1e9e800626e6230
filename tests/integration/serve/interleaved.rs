//! Slow readers and fast writers at random, with a strict parser for what each socket receives. This is
//! the whole program; `serve/fanout/write_owner_tests.rs` tries millions of orders in which the task of
//! a socket and the fan-out use one writer.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use nix::sys::socket::{setsockopt, sockopt};
use serde_json::{Value, json};

use super::client::Client;
use super::frames::frame;
use super::server::{Server, UNLIMITED};
use crate::harness::DEADLINE;
use crate::harness::rng::Rng;
use crate::harness::strict_reader::{Frame, StrictReader};

/// Phones that resume over a slow connection. With the fault for which this test was written, one of
/// eight got a frame inside another.
const RETURNS: u64 = if cfg!(debug_assertions) { 8 } else { 64 };

/// Messages that a page sends when it is connected again.
const PENDING: usize = 10;

/// A participant whose connection takes few bytes at a time.
struct Phone {
    stream: TcpStream,
    strict: StrictReader,
    events: Vec<Value>,
    pongs: usize,
}

impl Phone {
    /// Opens a socket with a receive buffer of so many bytes.
    fn open(server: &Server, buffer: usize) -> Self {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        setsockopt(&stream, sockopt::RcvBuf, &buffer).unwrap();
        let host = &server.host;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        stream.set_nonblocking(true).unwrap();
        Self { stream, strict: StrictReader::default(), events: Vec::new(), pongs: 0 }
    }

    /// Sends a frame, in as many pieces as the connection needs, and reads meanwhile.
    fn send(&mut self, bytes: &[u8], rng: &mut Rng) {
        let mut rest = bytes;
        let end = Instant::now() + DEADLINE;
        while !rest.is_empty() {
            assert!(Instant::now() < end, "the server does not read");
            match self.stream.write(rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.read(rng),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads up to 3 000 bytes, if there are any.
    fn read(&mut self, rng: &mut Rng) {
        let mut space = vec![0; 1 + rng.below(3000)];
        match self.stream.read(&mut space) {
            Ok(0) => panic!("closed after {:?}", self.events.last()),
            Ok(read) => self.strict.feed(&space[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
        while let Some(frame) = self.strict.next_frame().unwrap_or_else(|broken| panic!("{broken}"))
        {
            match frame {
                Frame::Text(text) => {
                    let lines = text.lines().map(serde_json::from_str::<Value>);
                    self.events.extend(lines.map(Result::unwrap));
                }
                Frame::Ping(_) => {}
                Frame::Pong(payload) => {
                    assert_eq!(payload, b"?");
                    self.pongs += 1;
                }
                Frame::Close(code) => panic!("closed with {code:?}"),
            }
        }
    }

    fn has(&self, body: &str) -> bool {
        self.events.iter().any(|event| event["body"] == body)
    }
}

/// Each of them sends up to eleven messages in a row.
fn talk(others: &mut [Client], rng: &mut Rng) {
    for other in others {
        for _ in 0..rng.below(12) {
            other.say(&"o".repeat(rng.below(3000) + 1));
        }
    }
}

#[test]
fn a_phone_that_resumes_over_a_slow_connection_gets_whole_frames_once() {
    let server = Server::with(&["--max-participants", "300"], UNLIMITED);
    let mut others: Vec<Client> = (0..6).map(|n| server.join(&format!("Other {n}"))).collect();
    for seed in 0..RETURNS {
        let mut rng = Rng::new(17, 0, seed);
        let welcome = server.join(&format!("Phone {seed}")).disconnect();
        let mut phone = Phone::open(&server, [8192, 16_384][rng.below(2)]);
        talk(&mut others, &mut rng);
        let mut join = server.join_line(&format!("Phone {seed}"));
        (join["resume"], join["after"]) = (welcome["resume"].clone(), welcome["seq"].clone());
        // All at once, as a page does, or one after the other, while others send.
        let mut bytes = frame(0x81, join.to_string().as_bytes());
        let at_once = rng.one_in(2);
        for number in 0..PENDING {
            let body = format!("{seed}.{number} {}", "m".repeat(rng.below(4000)));
            let say = json!({"t": "say", "ref": number.to_string(), "body": body}).to_string();
            bytes.extend(frame(0x81, say.as_bytes()));
            if rng.one_in(3) {
                bytes.extend(frame(0x89, b"?"));
            }
            if !at_once || number == PENDING - 1 {
                phone.send(&std::mem::take(&mut bytes), &mut rng);
                talk(&mut others, &mut rng);
                (0..rng.below(40)).for_each(|_| phone.read(&mut rng));
            }
        }
        let last = format!("end of {seed}");
        others[0].say(&last);
        let end = Instant::now() + DEADLINE;
        while !phone.has(&last) {
            assert!(Instant::now() < end, "seed {seed}: {:?}", phone.events.last());
            phone.read(&mut rng);
        }
        check_events(&phone, &welcome, seed);
        for other in &mut others {
            other.until_said(&last);
        }
    }
}

/// Every number comes once and in order, or is counted as missed; every own message at most once.
fn check_events(phone: &Phone, welcome: &Value, seed: u64) {
    let mut next = welcome["seq"].as_u64().unwrap() + 1;
    let mut own = [0; PENDING];
    for event in phone.events.iter().filter(|event| event["t"] != "welcome") {
        next += match (event["missed"].as_u64(), event["seq"].as_u64()) {
            (Some(missed), _) => missed,
            (None, Some(seq)) => {
                assert_eq!(seq, next, "seed {seed}: {}", event["t"]);
                1
            }
            (None, None) => 0,
        };
        if event["n"] == welcome["you"]["n"]
            && let Some(reference) = event["ref"].as_str()
        {
            own[reference.parse::<usize>().unwrap()] += 1;
        }
    }
    assert!(own.iter().all(|times| *times <= 1), "seed {seed}: {own:?}");
}
