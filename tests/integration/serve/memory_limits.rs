//! V-21: whatever visitors do, the room's memory stays below what its bounds add up to, and whoever
//! is in it talks on.

use std::io::Write as _;

use serde_json::json;

use super::client::Client;
use super::exhaustion::stall;
use super::http::Poller;
use super::server::Server;
use crate::harness::{Place, Program, SERVE};

/// Bytes of text that somebody tries to say: a gigabyte where the build is fast enough for it.
const ATTEMPTED: usize = if cfg!(debug_assertions) { 1 << 26 } else { 1 << 30 };

/// Visitors who come and go. More than the pace of joins allows, in any build.
const COMINGS: usize = if cfg!(debug_assertions) { 2_500 } else { 10_000 };

/// People who read nothing; each of their coming is told to all before.
const DEAF: usize = if cfg!(debug_assertions) { 250 } else { 1_000 };

/// People who wait in a poll: enough that what all share is little for each.
const WAITING: u64 = 400;

/// A pace that nobody here exceeds by talking, however fast this build is.
const CONFIG: &str = r#"{"room":{"max_participants":1200,"rate":{"per_second":100,"burst":100}}}"#;

/// The bound in kilobytes, as it is explained.
fn ceiling(config: &str) -> u64 {
    let place = Place::new();
    let file = place.root().join("config.json");
    std::fs::write(&file, config).unwrap();
    let mut command = place.command(SERVE);
    command.arg("--explain-limits").arg("--config").arg(file);
    let explained = Program::run(command).expect_code(0).stdout;
    let bytes = explained.split_once('(').unwrap().1.split_once(" bytes)").unwrap().0;
    bytes.parse::<u64>().unwrap() / 1024
}

/// Says something, and waits until everybody would have heard it.
fn talk(ana: &mut Client, bo: &mut Client, what: &str) {
    ana.say(what);
    bo.until_said(what);
}

/// Somebody comes and goes, by two lines in one request, or is told that it was too fast.
fn come_and_go(server: &Server, name: &str) {
    let join = json!({"t": "join", "name": name, "ticket": server.ticket});
    let answer = server.post("/poll", "", &format!("{join}\n{{\"t\":\"leave\"}}")).events();
    assert!(answer[0]["t"] == "welcome" || answer[0]["why"] == "too_fast", "{answer:?}");
}

#[test]
fn whatever_visitors_do_the_memory_stays_below_the_ceiling_and_others_talk() {
    let ceiling = ceiling(CONFIG);
    let server = Server::with(&[], CONFIG);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let mut loud = server.join("Loud");
    let deaf: Vec<Client> = (0..DEAF).map(|number| server.join(&format!("D{number}"))).collect();
    talk(&mut ana, &mut bo, "among people who read nothing");
    for number in 0..COMINGS {
        come_and_go(&server, &format!("V{number}"));
        if number % 250 == 0 {
            talk(&mut ana, &mut bo, &format!("after {number} who came and went"));
            talk(&mut bo, &mut ana, &format!("yes, {number}"));
        }
    }
    // Text that is far too much, in messages of the longest frames.
    let long = json!({"t": "say", "body": "x".repeat(16_000)}).to_string();
    let frame = masked(long.as_bytes());
    let mut tried = 0;
    while tried < ATTEMPTED {
        loud.send_bytes(&frame);
        tried += long.len();
        assert_eq!(loud.wait("refused")["why"], "too_long");
    }
    talk(&mut ana, &mut bo, "after a flood");
    // Everybody else who could come, with heads that never end.
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
    // Not just below a bound that is far away: a thousand people are cheap.
    assert!(peak < 128 * 1024, "{peak} kB");
    drop((deaf, slow));
    server.stop();
}

/// A backlog as long as it can be set, of which nobody takes anything, by poll and by socket, while the
/// room says the next: what a welcome waits with is not held for each of them.
#[test]
fn with_every_setting_at_its_largest_the_memory_stays_below_the_ceiling() {
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
    // Each of the stalled holds what it could not hand to the system: less than 300 KiB.
    assert!(peak - full < stalled.len() as u64 * 300, "{peak} kB, {full} before, ring {ring}");
    drop(stalled);
}

/// Ten thousand of them are meant to fit where a browser does.
#[test]
fn whoever_waits_in_a_poll_costs_a_few_kilobytes() {
    let server = Server::with(&[], CONFIG);
    let before = server.resident_kib();
    let name = |number| format!("P{number}");
    let held: Vec<_> =
        (0..WAITING).map(|number| Poller::take_over(&server, server.join(&name(number)))).collect();
    let each = (server.resident_kib() - before) / WAITING;
    assert!(each <= 12, "{each} kB");
    drop(held);
}

/// A client's frame (RFC 6455, section 5.2), masked with zeros: what it says is not changed by that.
fn masked(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
