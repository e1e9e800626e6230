//! V-21: the room's memory stays below the sum of its bounds under any load from clients, and
//! participants go on talking.

use std::io::Write as _;

use serde_json::json;

use super::client::Client;
use super::exhaustion::stall;
use super::http::Poller;
use super::server::Server;
use crate::harness::{Program, SERVE, TestEnv};

/// Bytes of text that one client sends: a gigabyte where the build is fast enough for it.
const FLOOD_BYTES: usize = if cfg!(debug_assertions) { 1 << 26 } else { 1 << 30 };

/// Clients that join and leave: more than the rate limit of joins allows, in any build.
const JOINS: usize = if cfg!(debug_assertions) { 2_500 } else { 10_000 };

/// Participants who read nothing. Each join is sent to all who joined before.
const DEAF: usize = if cfg!(debug_assertions) { 250 } else { 1_000 };

/// Held polls: so many that memory which all of them share is little for each.
const HELD_POLLS: u64 = 400;

/// A rate limit that the talk of this test stays below in any build.
const CONFIG: &str = r#"{"room":{"max_participants":1200,"rate":{"per_second":100,"burst":100}}}"#;

/// The bound in KiB that `--explain-limits` prints.
fn ceiling(config: &str) -> u64 {
    let env = TestEnv::new();
    let file = env.root().join("config.json");
    std::fs::write(&file, config).unwrap();
    let mut command = env.command(SERVE);
    command.arg("--explain-limits").arg("--config").arg(file);
    let explained = Program::run(command).expect_code(0).stdout;
    let bytes = explained.split_once('(').unwrap().1.split_once(" bytes)").unwrap().0;
    bytes.parse::<u64>().unwrap() / 1024
}

/// Sends a message from one participant to the other.
fn talk(ana: &mut Client, bo: &mut Client, what: &str) {
    ana.say(what);
    bo.until_said(what);
}

/// Joins and leaves by two lines in one request, unless the rate limit refuses it.
fn join_and_leave(server: &Server, name: &str) {
    let join = json!({"t": "join", "name": name, "ticket": server.ticket});
    let answer = server.post("/poll", "", &format!("{join}\n{{\"t\":\"leave\"}}")).events();
    assert!(answer[0]["t"] == "welcome" || answer[0]["why"] == "too_fast", "{answer:?}");
}

#[test]
fn under_every_kind_of_load_the_memory_stays_below_the_bound_and_others_talk() {
    let ceiling = ceiling(CONFIG);
    let server = Server::with(&[], CONFIG);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let mut loud = server.join("Loud");
    let deaf: Vec<Client> = (0..DEAF).map(|number| server.join(&format!("D{number}"))).collect();
    talk(&mut ana, &mut bo, "among clients that read nothing");
    for number in 0..JOINS {
        join_and_leave(&server, &format!("V{number}"));
        if number % 250 == 0 {
            talk(&mut ana, &mut bo, &format!("after {number} joins"));
            talk(&mut bo, &mut ana, &format!("yes, {number}"));
        }
    }
    // Messages that are too long, in the longest frames.
    let long = json!({"t": "say", "body": "x".repeat(16_000)}).to_string();
    let frame = masked(long.as_bytes());
    let mut sent = 0;
    while sent < FLOOD_BYTES {
        loud.send_bytes(&frame);
        sent += long.len();
        assert_eq!(loud.wait("refused")["why"], "too_long");
    }
    talk(&mut ana, &mut bo, "after a flood");
    // More connections than may be pending, with request heads that never end.
    let mut slow = Vec::new();
    for _ in 0..400 {
        let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
        let head = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(12_000));
        if stream.write_all(head.as_bytes()).is_ok() {
            slow.push(stream);
        }
    }
    talk(&mut ana, &mut bo, "beside heads that never end");
    let peak = server.peak_kib();
    assert!(peak < ceiling, "{peak} of {ceiling} kB");
    // The bound is far above what a thousand participants take; this is near it.
    assert!(peak < 128 * 1024, "{peak} kB");
    drop((deaf, slow));
    server.stop();
}

/// Clients with the longest backlog read nothing of it, by poll and by socket, while new messages push
/// it out of the ring. None of them keeps its own copy of it.
#[test]
fn with_every_setting_at_its_largest_the_memory_stays_below_the_bound() {
    /// The largest ring is 256 MiB; an unoptimised build would take minutes to fill it.
    const RING: usize = if cfg!(debug_assertions) { 1 << 24 } else { 1 << 28 };
    let config = format!(
        r#"{{"room":{{"max_participants":10000,"backlog":100000,"rate":{{"per_second":0}},
            "ring":{{"events":100000,"bytes":{RING},"age_seconds":86400}}}}}}"#
    );
    let ceiling = ceiling(&config);
    let server = Server::with(&[], &config);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let line = json!({"t": "say", "body": "w".repeat(4096)}).to_string();
    let (frames, mut left) = (masked(line.as_bytes()).repeat(50), RING / 4096);
    let mut fill = |ana: &mut Client, messages: usize| {
        for _ in 0..messages.div_ceil(50) {
            ana.send_bytes(&frames);
            for _ in 0..50 {
                ana.wait("said");
            }
            bo.until(|event| event["t"] == "said");
        }
    };
    fill(&mut ana, left);
    let full = server.resident_kib();
    let mut stalled = Vec::new();
    for round in 0..10 {
        for number in 0..50 {
            stalled.push(stall(&server, round * 50 + number));
        }
        left = 1000;
        fill(&mut ana, left);
    }
    let (peak, ring) = (server.peak_kib(), RING as u64 / 1024);
    assert!(peak < ceiling, "{peak} of {ceiling} kB");
    // Each stalled client keeps what the kernel did not take of its batch: less than 300 KiB.
    assert!(peak - full < stalled.len() as u64 * 300, "{peak} kB, {full} before, ring {ring}");
    drop(stalled);
}

/// In a build without optimisation; see the head of `serve/web/poll/parked.rs` for the others.
#[test]
fn a_held_poll_takes_at_most_12_kib() {
    let server = Server::with(&[], CONFIG);
    let before = server.resident_kib();
    let name = |number| format!("P{number}");
    let held: Vec<_> = (0..HELD_POLLS)
        .map(|number| Poller::take_over(&server, server.join(&name(number))))
        .collect();
    let each = (server.resident_kib() - before) / HELD_POLLS;
    assert!(each <= 12, "{each} kB");
    drop(held);
}

/// A client's frame (RFC 6455, section 5.2), masked with zeros, which do not change the payload.
fn masked(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
