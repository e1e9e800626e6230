//! The room over long polls.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{bodies, kinds};
use super::http::{Connection, Poller, say};
use super::server::Server;

#[test]
fn a_client_joins_by_its_first_poll_and_the_next_is_held_until_there_is_news() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let mut bo = Poller::join(&server, "Bo");
    assert_eq!(bo.welcome["you"]["n"], 2);
    assert_eq!(bo.welcome["present"][0]["name"], "Ana");
    assert_eq!(ana.wait("joined")["who"], bo.welcome["you"]);
    let held = bo.start(&[]);
    ana.say("news");
    let events = bo.finish(held);
    assert_eq!(bodies(&events), ["news"]);
    let own = bo.poll(&[say("b1", "mine")]);
    assert_eq!((&own[0]["ref"], &own[0]["n"]), (&"b1".into(), &2.into()));
    ana.until_said("mine");
}

#[test]
fn the_first_poll_takes_more_lines_than_the_join() {
    let server = Server::start();
    let body = format!("{}\n{}\n", server.join_line("Bo"), say("b1", "at once"));
    let answer = server.post("/poll", "", &body);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(kinds(&answer.events()), ["welcome", "said"]);
}

/// V-17: events between two polls are in the next answer, once. A client that lost an answer asks
/// again.
#[test]
fn nothing_is_lost_between_polls() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let mut bo = Poller::join(&server, "Bo");
    for body in ["one", "two", "three"] {
        ana.say(body);
    }
    ana.until_said("three");
    let before = bo.after;
    assert_eq!(bodies(&bo.poll(&[])), ["one", "two", "three"]);
    bo.after = before;
    assert_eq!(bodies(&bo.poll(&[])), ["one", "two", "three"]);
    // The others have seen no leave and no join.
    ana.say("four");
    assert_eq!(kinds(&ana.until_said("four")), ["said"]);
    // A line that is sent again after a lost answer appears once.
    let before = bo.after;
    bo.poll(&[say("b1", "mine")]);
    bo.after = before;
    let again = bo.poll(&[say("b1", "mine"), say("b2", "more")]);
    assert_eq!(bodies(&again), ["four", "mine", "more"]);
    assert_eq!(bodies(&ana.until_said("more")), ["mine", "more"]);
}

/// The client wants to know at once what became of its lines.
#[test]
fn polls_that_carry_lines_are_answered_at_once() {
    let server = Server::start();
    let mut bo = Poller::join(&server, "Bo");
    assert_eq!(bodies(&bo.poll(&[say("b1", "mine")])), ["mine"]);
    let start = Instant::now();
    // Nothing new in either: a repetition, and an event that only others get.
    assert_eq!(bo.poll(&[say("b1", "mine")]).len(), 0);
    assert_eq!(bo.poll(&[json!({"t": "typing"})]).len(), 0);
    // Well below the 25 s for which a poll without lines is held.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_newer_poll_has_the_older_answered_at_once_and_empty() {
    let server = Server::start();
    let (mut bo, old) = Poller::take_over(&server, server.join("Bo"));
    let new = bo.start(&[json!({"t": "beat"})]);
    assert_eq!(bo.finish(old), Vec::<serde_json::Value>::new());
    assert_eq!(kinds(&bo.finish(new)), ["beat"]);
}

#[test]
fn a_socket_takes_the_seat_from_a_poll_and_the_other_way_round() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let (mut bo, held) = Poller::take_over(&server, server.join("Bo"));
    let mut socket = server.resume(&bo.welcome, bo.after);
    assert_eq!(bo.finish(held).len(), 0);
    let held = bo.start(&[]);
    assert_eq!(socket.rest(), (vec![], Some(4001)));
    ana.say("over the poll");
    assert_eq!(bodies(&bo.finish(held)), ["over the poll"]);
}

#[test]
fn leaving_by_poll_ends_the_seat() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let mut bo = Poller::join(&server, "Bo");
    assert_eq!(bo.poll(&[json!({"t": "leave"})]).len(), 0);
    assert_eq!(ana.wait("left")["n"], 2);
    let answer = bo.start(&[]).response();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.events()[0]["why"], "bad_ticket");
}

#[test]
fn an_unknown_seat_is_401_and_a_wrong_line_400() {
    let server = Server::start();
    let ask = |headers: &str, body: &str| server.post("/poll", headers, body);
    for bearer in ["1.AAAAAAAAAAAAAAAAAAAAAA", "7", "", "x.y"] {
        let answer = ask(&format!("Authorization: Bearer {bearer}\r\n"), "x");
        assert_eq!(answer.status, 401, "{bearer}");
    }
    let basic = ask("Authorization: Basic eDp5\r\n", &server.join_line("Bo").to_string());
    assert_eq!(basic.status, 401);
    let wrong = r#"{"t":"join","name":"Bo","ticket":"AAAAAAAAAAAAAAAAAAAAAA"}"#;
    assert_eq!(ask("", wrong).status, 401);
    for body in ["", "\n", "nonsense", r#"{"t":"beat"}"#, "[]", "null"] {
        let answer = ask("", body);
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(answer.events()[0]["why"], "bad_json");
    }
    let bad = server.request("POST /poll?after=x", "Content-Length: 0\r\n");
    assert_eq!(bad.status, 400);
}

#[test]
fn refusals_of_a_poll_carry_their_ref_and_lose_nothing_else() {
    let server = Server::start();
    let mut bo = Poller::join(&server, "Bo");
    let lines = [
        say("long", &"x".repeat(4097)),
        json!({"t": "say", "ref": "named", "body": "x", "name": "Alice"}),
        say("good", "fine"),
    ];
    let events = bo.poll(&lines);
    assert_eq!(events[0]["ref"], "long");
    assert_eq!(events[0]["why"], "too_long");
    assert_eq!(events[1]["ref"], "named");
    assert_eq!(events[1]["why"], "bad_json");
    let events = if events.len() == 3 { events } else { bo.until_said("fine") };
    assert_eq!(bodies(&events), ["fine"]);
}

/// A held poll with this HTTP version, and `more` bytes behind the request. It replaces the one before.
fn held(server: &Server, bo: &Poller, version: &str, more: &str) -> Connection {
    let resume = bo.welcome["resume"].as_str().unwrap();
    let mut connection = server.connect();
    let request = format!(
        "POST /poll?after={} HTTP/{version}\r\nHost: {}\r\nAuthorization: Bearer {resume}\r\n\
         Content-Length: 0\r\n\r\n{more}",
        bo.after, server.host
    );
    connection.send(request.as_bytes());
    connection
}

/// All bytes up to the end of the connection, without the `date` header.
fn undated(mut connection: Connection) -> String {
    let answer = String::from_utf8(connection.rest()).unwrap();
    let lines = answer.split_inclusive("\r\n").filter(|line| !line.starts_with("date: "));
    lines.collect()
}

/// Byte for byte, with either HTTP version, and with more bytes from the client or without.
#[test]
fn an_answer_is_the_same_whether_it_was_held_or_not() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    let (mut bo, mut before) = Poller::take_over(&server, server.join("Bo"));
    for (number, version) in ["1.0", "1.1"].into_iter().enumerate() {
        for (more, late) in [("", ""), ("GET / HTTP/1.1\r\n\r\n", ""), ("", "and so on")] {
            bo.after = u64::MAX;
            let mut waiting = held(&server, &bo, version, more);
            // It is answered, so the next one is held now.
            before.rest();
            waiting.send(late.as_bytes());
            let body = format!("news {number} {more:?} {late:?}");
            ana.say(&body);
            let said = ana.until_said(&body).pop().unwrap();
            let was_held = undated(waiting);
            bo.after = said["seq"].as_u64().unwrap() - 1;
            assert_eq!(was_held, undated(held(&server, &bo, version, more)), "{more:?} {late:?}");
            assert!(was_held.starts_with(&format!("HTTP/{version} 200 OK\r\n")), "{was_held}");
            assert!(was_held.contains("\r\nconnection: close\r\n"), "{was_held}");
            bo.after = u64::MAX;
            before = held(&server, &bo, version, "");
        }
    }
}

#[test]
fn a_held_poll_ends_with_its_client() {
    let server = Server::start();
    let (_bo, mut held) = Poller::take_over(&server, server.join("Bo"));
    let start = Instant::now();
    held.stream().shutdown(Shutdown::Write).unwrap();
    assert_eq!(held.rest(), b"");
    assert!(start.elapsed() < Duration::from_secs(20));
}
