//! Too many messages, clients that do not read, and joins without end (V-21).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::client::{Client, bodies};
use super::http::Poller;
use super::server::{Server, UNLIMITED};

/// Set when dropped, so that a failed assertion ends the flood too.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends messages as fast as the socket takes them, more than 10 000 a second.
fn flood(client: &mut Client, stop: &AtomicBool) {
    let line = json!({"t": "say", "body": "flood"}).to_string();
    let many = format!("{line}\n").repeat(100) + &json!({"t": "beat"}).to_string();
    while !stop.load(Ordering::Relaxed) {
        client.send_text(&many);
        // Reads the refusals, or the connection fills up and the server waits.
        client.wait("beat");
    }
}

#[test]
fn a_flood_is_refused_and_the_others_go_on() {
    let server = Server::start();
    let (mut ana, mut bo, mut flooder) =
        (server.join("Ana"), server.join("Bo"), server.join("Flo"));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| flood(&mut flooder, &stop));
        let _stop = StopOnDrop(&stop);
        for number in 0..10 {
            let body = format!("word {number}");
            ana.say(&body);
            bo.until_said(&body);
            ana.until_said(&body);
        }
    });
}

#[test]
fn of_ten_thousand_messages_as_many_as_the_rate_limit_allows_are_accepted() {
    let server = Server::start();
    let (mut ana, mut flooder) = (server.join("Ana"), server.join("Flo"));
    let mut refused = 0;
    for frame in 0..100 {
        let line = |n| json!({"t": "say", "ref": format!("{frame}.{n}"), "body": "flood"});
        let lines: Vec<String> = (0..100).map(|n| line(n).to_string()).collect();
        flooder.send_text(&lines.join("\n"));
        flooder.send_line(&json!({"t": "beat"}));
        let replies = flooder.until(|event| event["t"] == "beat");
        let refusals = replies.iter().filter(|event| event["t"] == "refused");
        for refusal in refusals {
            assert_eq!(refusal["why"], "too_fast");
            let known = refusal["ref"].as_str().unwrap();
            assert!(known.starts_with(&format!("{frame}.")), "{known}");
            assert!(refusal["text"].as_str().unwrap().contains("wait"));
            refused += 1;
        }
    }
    ana.say("enough");
    let accepted = bodies(&ana.until_said("enough")).len() - 1;
    assert_eq!(accepted + refused, 10_000);
    // A burst of 10, and 2 a second for as long as it took, which is less than the deadline.
    assert!((10..140).contains(&accepted), "{accepted}");
}

/// 20 MB of messages, while five clients read nothing: no queue grows for them.
#[test]
fn clients_that_never_read_take_no_memory_and_delay_no_other() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let deaf: Vec<Client> = (0..5).map(|n| server.join(&format!("Deaf {n}"))).collect();
    let body = "x".repeat(4000);
    let before = server.resident_kib();
    for number in 0..5000 {
        ana.say_as(&number.to_string(), &body);
        // Both read along, so that only the deaf fall behind.
        let said = ana.wait("said");
        assert_eq!(said["ref"], number.to_string());
        assert_eq!(bo.until(|event| event["t"] == "said").len(), 1 + 5 * usize::from(number == 0));
    }
    let grown = server.resident_kib().saturating_sub(before);
    // The ring takes 1 MiB, and each deaf client a frame of 64 KiB; the rest is for the allocator.
    assert!(grown < 16 * 1024, "{grown} KiB");
    drop(deaf);
}

/// A client that reads nothing for a while, and then goes on: it gets whole frames in order, and a gap
/// says how much it missed. Replies to its lines come between two frames, never inside one.
#[test]
fn a_client_that_was_slow_gets_whole_lines_and_the_number_of_missed_events() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut slow) = (server.join("Ana"), server.join("Slow"));
    let body = "x".repeat(4000);
    // Beyond what the system buffers on both ends of a connection (tcp_wmem, tcp_rmem: 4 + 6 MiB).
    for _ in 0..3000 {
        ana.say(&body);
        ana.wait("said");
    }
    slow.send_line(&json!({"t": "beat"}));
    ana.say("last");
    let mut events = slow.until_said("last");
    let before = events.len();
    events.retain(|event| event["t"] != "beat");
    if events.len() == before {
        slow.wait("beat");
    }
    let mut next = slow.welcome["seq"].as_u64().unwrap() + 1;
    let mut missed = 0;
    for event in &events {
        match event["missed"].as_u64() {
            Some(some) => {
                missed += some;
                next += some;
            }
            None => {
                assert_eq!(event["seq"], next, "{}", event["t"]);
                next += 1;
            }
        }
    }
    assert!(missed > 0);
    assert_eq!(bodies(&events).len() as u64 + missed, 3001);
}

/// An idle participant takes no copy of the roster and no buffer. Measured: 5 KiB each in a build
/// without optimisation; a copy of the roster would be another 20 KiB.
#[test]
fn idle_participants_take_little_memory() {
    let server = Server::with(&[], r#"{"room":{"max_participants":300}}"#);
    let before = server.resident_kib();
    let crowd: Vec<Client> = (0..300).map(|n| server.join(&format!("Guest {n}"))).collect();
    let each = server.resident_kib().saturating_sub(before) / crowd.len() as u64;
    assert!(each < 12, "{each} KiB");
}

#[test]
fn joins_and_leaves_in_a_loop_fill_neither_the_room_nor_the_memory() {
    let server = Server::with(&[], UNLIMITED);
    let mut ana = server.join("Ana");
    let mut join_and_leave = |number: u32| {
        let bo = Poller::join(&server, &format!("Guest {number}"));
        assert_eq!(bo.start(&[json!({"t": "leave"})]).response().status, 200);
        ana.until(|event| event["t"] == "left");
    };
    (0..300).for_each(&mut join_and_leave);
    let before = server.resident_kib();
    (300..1000).for_each(&mut join_and_leave);
    assert!(server.resident_kib() < before + 4 * 1024);
    let bo = server.join("Bo");
    assert_eq!(bo.welcome["present"].as_array().unwrap().len(), 1);
    assert_eq!(bo.welcome.get("gone"), None::<&Value>);
}
