//! Too much: of messages, of people, of silence. V-21.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::client::{Client, bodies};
use super::http::Poller;
use super::server::{Server, UNLIMITED};

/// Set when dropped, so that a failure ends the flood too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// As fast as a socket takes them, which is more than 10 000 a second.
fn flood(client: &mut Client, over: &AtomicBool) {
    let line = json!({"t": "say", "body": "flood"}).to_string();
    let many = format!("{line}\n").repeat(100) + &json!({"t": "beat"}).to_string();
    while !over.load(Ordering::Relaxed) {
        client.send_text(&many);
        // The refusals must be taken, or the line fills up and the server waits.
        client.wait("beat");
    }
}

#[test]
fn a_flood_is_refused_and_the_others_talk_on() {
    let server = Server::start();
    let (mut ana, mut bo, mut flooder) =
        (server.join("Ana"), server.join("Bo"), server.join("Flo"));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| flood(&mut flooder, &over));
        let _over = Over(&over);
        for number in 0..10 {
            let body = format!("word {number}");
            ana.say(&body);
            bo.until_said(&body);
            ana.until_said(&body);
        }
    });
}

/// Ten thousand at once, in two seconds or less: a burst and the long run come through.
#[test]
fn of_ten_thousand_messages_those_of_the_limit_come_through() {
    let server = Server::start();
    let (mut ana, mut flooder) = (server.join("Ana"), server.join("Flo"));
    let mut refused = 0;
    for frame in 0..100 {
        let line = |n| json!({"t": "say", "ref": format!("{frame}.{n}"), "body": "flood"});
        let lines: Vec<String> = (0..100).map(|n| line(n).to_string()).collect();
        flooder.send_text(&lines.join("\n"));
        flooder.send_line(&json!({"t": "beat"}));
        let answers = flooder.until(|event| event["t"] == "beat");
        let refusals = answers.iter().filter(|event| event["t"] == "refused");
        for refusal in refusals {
            assert_eq!(refusal["why"], "too_fast");
            let known = refusal["ref"].as_str().unwrap();
            assert!(known.starts_with(&format!("{frame}.")), "{known}");
            assert!(refusal["text"].as_str().unwrap().contains("wait"));
            refused += 1;
        }
    }
    ana.say("enough");
    let heard = bodies(&ana.until_said("enough")).len() - 1;
    assert_eq!(heard + refused, 10_000);
    // A burst of 10, and 2 a second for as long as it took, which is less than the deadline.
    assert!((10..140).contains(&heard), "{heard}");
}

/// 20 MB are said while somebody reads nothing: no queue grows for them.
#[test]
fn a_reader_that_never_reads_costs_no_memory_and_nobody_else_anything() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let deaf: Vec<Client> = (0..5).map(|n| server.join(&format!("Deaf {n}"))).collect();
    let body = "x".repeat(4000);
    let before = server.resident_kib();
    for number in 0..5000 {
        ana.say_as(&number.to_string(), &body);
        // Both read along, so that nobody but the deaf falls behind.
        let said = ana.wait("said");
        assert_eq!(said["ref"], number.to_string());
        assert_eq!(bo.until(|event| event["t"] == "said").len(), 1 + 5 * usize::from(number == 0));
    }
    let grown = server.resident_kib().saturating_sub(before);
    // The ring is 1 MiB; one frame of 64 KiB and its copy per reader; the rest is the allocator's.
    assert!(grown < 16 * 1024, "{grown} KiB");
    drop(deaf);
}

/// Whoever reads nothing for a while, and then does: frames are whole, whatever the line took of
/// them, in order, and what is missing is said to be. What they ask meanwhile is answered between two
/// frames, never in the middle of one.
#[test]
fn a_reader_that_was_slow_gets_whole_lines_and_is_told_what_is_missing() {
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
    let mut heard = slow.until_said("last");
    let before = heard.len();
    heard.retain(|event| event["t"] != "beat");
    if heard.len() == before {
        slow.wait("beat");
    }
    let mut next = slow.welcome["seq"].as_u64().unwrap() + 1;
    let mut missed = 0;
    for event in &heard {
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
    assert_eq!(bodies(&heard).len() as u64 + missed, 3001);
}

/// Nobody costs a copy of the roster, or a buffer. Measured: 5 KiB each in a build without
/// optimisation; a roster for each would be another 20.
#[test]
fn a_crowd_that_only_listens_costs_little() {
    let server = Server::with(&[], r#"{"room":{"max_participants":300}}"#);
    let before = server.resident_kib();
    let crowd: Vec<Client> = (0..300).map(|n| server.join(&format!("Guest {n}"))).collect();
    let each = server.resident_kib().saturating_sub(before) / crowd.len() as u64;
    assert!(each < 12, "{each} KiB");
}

/// Whoever joins and leaves in a loop fills neither the room nor the memory.
#[test]
fn coming_and_going_for_ever_fills_nothing() {
    let server = Server::with(&[], UNLIMITED);
    let mut ana = server.join("Ana");
    let mut comes = |number: u32| {
        let bo = Poller::join(&server, &format!("Guest {number}"));
        assert_eq!(bo.start(&[json!({"t": "leave"})]).response().status, 200);
        ana.until(|event| event["t"] == "left");
    };
    (0..300).for_each(&mut comes);
    let before = server.resident_kib();
    (300..1000).for_each(&mut comes);
    assert!(server.resident_kib() < before + 4 * 1024);
    let bo = server.join("Bo");
    assert_eq!(bo.welcome["present"].as_array().unwrap().len(), 1);
    assert_eq!(bo.welcome.get("gone"), None::<&Value>);
}
