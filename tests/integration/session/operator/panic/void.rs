//! What a session that is over leaves in the hands of its guests is worth nothing.

use serde_json::{Value, json};

use super::super::super::guest::Guest;
use super::super::super::stage::{Link, Stage};
use super::super::Operator;
use super::assert_over;
use crate::harness::cloudflared::HAPPY;
use crate::sealed::member::Knocking;
use crate::sealed::participant::Participant;
use crate::serve::client::Client;

/// The link and the seats of a session that is over open nothing, also not in the next one.
#[test]
fn its_link_and_its_tokens_are_void() {
    let stage = Stage::new(HAPPY);
    let mut before = Operator::start(&stage, &["--open"]);
    let ana = Guest::join(&before.link, "Ana");
    let (link, token) = (before.link.clone(), ana.resume);
    before.give("panic");
    assert_over(before.session.wait());
    assert!(std::net::TcpStream::connect(&link.address).is_err());
    let next = Operator::start(&stage, &["--open"]);
    for join in [
        json!({"t": "join", "name": "Ana", "ticket": link.ticket}),
        json!({"t": "join", "name": "Ana", "ticket": link.ticket, "resume": token, "after": 1}),
        json!({"t": "join", "name": "Ana", "ticket": token}),
    ] {
        assert_eq!(refused(&next.link, &join), "bad_ticket", "{join}");
    }
    next.end();
}

/// The same for the keys of a sealed room.
#[test]
fn a_sealed_link_and_its_tokens_are_void() {
    let stage = Stage::new(HAPPY);
    let mut before = Operator::start(&stage, &["--sealed"]);
    let ana = Participant::join(&before.link, "Ana");
    let (link, ana) = (before.link.clone(), ana.disconnect());
    before.give("panic");
    assert_over(before.session.wait());
    assert!(std::net::TcpStream::connect(&link.address).is_err());
    let next = Operator::start(&stage, &["--sealed"]);
    let returning = [true, false].map(|to_present| ana.return_line(to_present));
    for line in [Knocking::new(&link.ticket).line()].into_iter().chain(returning) {
        assert_eq!(refused(&next.link, &line), "bad_ticket", "{line}");
    }
    next.end();
}

/// Why a socket whose first line is this one is not let in.
fn refused(link: &Link, line: &Value) -> String {
    let (address, origin) = (link.address.parse().unwrap(), format!("http://{}", link.address));
    let mut client = Client::open(address, &link.address, &origin);
    client.send_line(line);
    client.wait("refused")["why"].as_str().unwrap().to_owned()
}
