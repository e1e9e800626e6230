//! `lobby`, `admit`, `refuse` in an open room.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use super::super::guest::{Guest, try_join};
use super::super::stage::{Link, Stage};
use super::Operator;
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;

/// Someone who knocks, and does not wait for what follows.
fn knock(link: &Link, name: &str) -> TcpStream {
    let body = json!({ "t": "join", "name": name, "ticket": link.ticket }).to_string();
    let mut stream = TcpStream::connect(&link.address).unwrap();
    let head = format!(
        "POST /poll HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        link.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn newcomers_wait_until_they_are_admitted() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open", "--lobby"]);
    assert_eq!(operator.refused("admit all"), "no one waits in the lobby");
    let lines = try_join(&operator.link, "Ana");
    assert_eq!(lines[0]["t"], "waiting", "{lines:?}");
    let waiting = operator.event("waiting");
    assert_eq!(waiting["participant"]["name"], "Ana");
    let number = waiting["participant"]["number"].as_u64().unwrap();
    assert_eq!(operator.who()["waiting"][0]["number"], number);
    assert!(operator.done("who").contains("1 waiting\n"));
    let text = operator.done(&format!("admit {number}"));
    assert!(text.starts_with("admitted Ana #"), "{text}");
    operator.event("admitted");
    assert_eq!(operator.event("joined")["participant"], waiting["participant"]);
    assert_eq!(operator.refused("admit Ana"), "no one waits in the lobby");

    try_join(&operator.link, "Bob");
    operator.event("waiting");
    assert!(operator.done("refuse bob").starts_with("refused Bob #"));
    operator.event("not_admitted");
    // Who waits when the lobby is closed still waits.
    try_join(&operator.link, "Eve");
    operator.event("waiting");
    operator.done("lobby off");
    // The room answers this after it has read what came before.
    assert_eq!(operator.who()["waiting"].as_array().unwrap().len(), 1);
    Guest::join(&operator.link, "Zoe");
    // To be removed is to be refused.
    assert!(operator.done("kick Eve").starts_with("refused Eve #"));
    operator.event("not_admitted");
    operator.end();
    stage.assert_nothing_left();
}

#[test]
fn the_status_counts_who_waits_until_they_are_admitted() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open", "--lobby", "--no-qr"]), 100);
    let link = Link::on_screen(&mut terminal);
    let lines = try_join(&link, "Bo");
    assert_eq!(lines[0]["t"], "waiting", "{lines:?}");
    terminal.wait_for("1 waiting");
    terminal.type_keys("admit Bo\r");
    terminal.wait_for("+ Bo #");
    // No code of an invite either.
    terminal.type_keys("invite\r");
    terminal.wait_for("invite 1: for ");
    terminal.type_keys("end\r");
    let ended = stage.expect_end(terminal);
    let (_, later) = ended.stderr.rsplit_once("+ Bo #").unwrap();
    assert!(!later.contains("1 waiting") && !later.contains('▀'), "{later}");
}

/// A crowd with hostile names is counted, and every program hears of each.
#[test]
fn a_crowd_takes_a_few_lines_and_all_of_it_is_refused_at_once() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open", "--lobby", "--bell"]);
    let crowd: Vec<TcpStream> = (0..100)
        .map(|number| knock(&operator.link, &format!("nothing remains {number}")))
        .collect();
    for _ in 0..32 {
        operator.event("waiting");
    }
    assert_eq!(operator.who()["waiting"].as_array().unwrap().len(), 32);
    operator.session.stderr_line_with("more came to the lobby; 32 wait");
    let text = operator.done("refuse all");
    assert_eq!(text.lines().count(), 32, "{text}");
    assert_eq!(operator.refused("refuse all"), "no one waits in the lobby");
    drop(crowd);
    let ended = operator.end();
    let own_lines = ended.stderr.lines().filter(|line| line.contains("waits in the lobby"));
    assert!(own_lines.count() < 32, "{ended:#?}");
    assert!(!ended.stdout.contains("more_waiting"), "{ended:#?}");
    // There is no terminal that could ring.
    assert!(!ended.stderr.contains('\u{7}'));
}
