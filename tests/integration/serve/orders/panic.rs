//! The end at once.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::TestEnv;
use crate::serve::client::kinds;
use crate::serve::open_host::{OpenHost, join_line};

/// From the order to the exit. The room takes less than 100 ms (measured in a release build); the machine
/// that runs the tests may be busy.
const DEADLINE: Duration = Duration::from_secs(2);

#[test]
fn everyone_is_told_and_the_process_is_gone() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let bo = host.join_by_poll("Bo");
    let held = bo.start(&[]);
    let mut outside = host.open_socket();
    ana.wait("joined");
    host.order("list_connections", json!({"request": 1}));
    host.wait("operator");
    let begun = Instant::now();
    host.order("panic", json!({}));
    let status = host.child.wait().unwrap();
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(0));
    let (events, code) = ana.rest();
    assert_eq!((kinds(&events), code), (vec!["end"], Some(4000)));
    let mut held = held;
    assert_eq!(kinds(&held.response().events()), ["end"]);
    assert_eq!(outside.rest().0.len(), 0);
    assert!(std::net::TcpStream::connect(host.address).is_err());
}

/// As many as a room has, each with a poll that is held: the process exits when the last has its answer. A
/// client that says nothing and one in the middle of a request are not waited for, nor answered.
#[test]
fn every_held_poll_is_answered() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let people: Vec<_> = (0..50).map(|at| host.join_by_poll(&format!("P{at}"))).collect();
    let silent = std::net::TcpStream::connect(host.address).unwrap();
    let mut half = std::net::TcpStream::connect(host.address).unwrap();
    half.write_all(b"POST /poll HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").unwrap();
    let latest = people[49].welcome["seq"].as_u64().unwrap();
    let mut held: Vec<_> = people.iter().map(|person| person.start_after(latest, &[])).collect();
    // Answered after the polls were read: they came first.
    host.request("GET /", "");
    host.order("panic", json!({}));
    for poll in &mut held {
        assert_eq!(kinds(&poll.response().events()), ["end"]);
    }
    assert_eq!(host.child.wait().unwrap().code(), Some(0));
    drop((silent, half));
}

/// Clients that read nothing, and one in the middle of a frame, hold up nothing.
#[test]
fn stuck_readers_do_not_delay_the_end() {
    let env = TestEnv::new();
    let ring = json!({"ring": {"events": 10_000, "bytes": 64_000_000, "age_seconds": 600}});
    let mut host = OpenHost::with(&env, &ring, &json!({}));
    let stuck: Vec<_> = (0..10).map(|number| host.join(&format!("Stuck{number}"))).collect();
    let mut ana = host.join("Ana");
    let line = "x".repeat(4000);
    for _ in 0..2_500 {
        ana.say(&line);
        ana.wait("said");
    }
    let begun = Instant::now();
    host.orders(&[("announce", json!({"text": "last words"})), ("panic", json!({}))]);
    assert_eq!(host.child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    let (events, code) = ana.rest();
    assert_eq!((events.last().unwrap()["t"].as_str(), code), (Some("end"), Some(4000)));
    drop(stuck);
}

/// The order counts in every state of the room, and what the supervisor sends after it does not.
#[test]
fn it_works_before_the_first_join_while_draining_and_with_a_supervisor_that_reads_nothing() {
    let env = TestEnv::new();
    let mut empty = OpenHost::start(&env);
    empty.orders(&[("panic", json!({})), ("panic", json!({})), ("announce", json!({"text": "x"}))]);
    assert_eq!(empty.child.wait().unwrap().code(), Some(0));

    let mut draining = OpenHost::start(&env);
    let mut ana = draining.join("Ana");
    draining.send(&json!({"type": "drain"}));
    draining.order("panic", json!({}));
    assert_eq!(draining.child.wait().unwrap().code(), Some(0));
    let (events, code) = ana.rest();
    assert_eq!((kinds(&events), code), (vec!["end"], Some(4000)));

    let mut unread = OpenHost::start(&env);
    for number in 0..200 {
        let name = format!("P{number}");
        unread.request("POST /poll", &join_line(&name).to_string());
    }
    unread.order("panic", json!({}));
    assert_eq!(unread.child.wait().unwrap().code(), Some(0));
}
