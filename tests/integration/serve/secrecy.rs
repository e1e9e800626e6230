//! What is hidden from clients outside the room, and what never reaches the disk.

use std::fs;

use serde_json::json;

use super::client::kinds;
use super::server::{Server, UNLIMITED};

/// V-05: names, their number and texts are for participants only.
#[test]
fn without_the_ticket_nothing_of_the_room_is_visible() {
    let server = Server::start();
    let mut ana = server.join("Annabel");
    ana.say("a secret word");
    ana.until_said("a secret word");
    let mut seen = String::new();
    let wrong = json!({"t": "join", "name": "Annabel", "ticket": "A".repeat(22)}).to_string();
    let asked = ["GET /", "GET /t/x", "HEAD /t/x", "GET /health", "GET /nothing"]
        .map(|line| server.request(line, ""));
    let posted = [("/poll", ""), ("/poll?after=0", &wrong), ("/bye", "")]
        .map(|(path, body)| server.post(path, "", body));
    for answer in asked.iter().chain(&posted) {
        seen.push_str(&format!("{:?}", answer.headers));
        // The style and the script of the page mention rooms, but nothing of this one.
        seen.push_str(&answer.body);
    }
    // The refusal is the same whether the name is taken or not.
    let mut line = json!({"t": "join", "name": "Annabel", "ticket": "A".repeat(22)});
    let taken = server.refusal(&line);
    line["name"] = "Zoe".into();
    assert_eq!(server.refusal(&line), taken);
    seen.push_str(&taken.to_string());
    for secret in ["Annabel", "secret", ana.welcome["you"]["tag"].as_str().unwrap()] {
        // A tag is three letters, which any word may hold; in quotes it is a value.
        assert!(!seen.contains(&format!("\"{secret}\"")), "{secret}");
    }
    assert!(!seen.contains("Annabel") && !seen.contains("a secret word"));
    // The page of an empty room and of a full one are the same, byte for byte.
    assert!(server.request("GET /", "").body == Server::start().request("GET /", "").body);
}

/// V-22: a preview of a link does not join, and is not announced.
#[test]
fn previews_of_a_link_enter_nothing() {
    let mut server = Server::start();
    let mut ana = server.join("Ana");
    for line in ["GET", "HEAD"] {
        let request = format!("{line} /t/{}", server.ticket);
        let robot = "User-Agent: preview\r\nSec-Fetch-Mode: navigate\r\n";
        assert_eq!(server.request(&request, robot).status, 200);
    }
    let pending = server.open_socket();
    let bo = server.join("Bo");
    assert_eq!(bo.number(), 2);
    ana.say("anybody?");
    assert_eq!(kinds(&ana.until_said("anybody?")), ["joined", "said"]);
    server.event("joined");
    assert_eq!(server.event("joined")["participant"]["number"], 2);
    drop(pending);
}

/// The ticket of one session opens no other.
#[test]
fn two_servers_share_nothing() {
    let (one, two) = (Server::start(), Server::start());
    assert_ne!(one.ticket, two.ticket);
    let mut ana = one.join("Ana");
    let mut other = two.join("Ana");
    let stray = two.refusal(&one.join_line("Bo"));
    assert_eq!(stray["why"], "bad_ticket");
    ana.say("here");
    other.say("there");
    assert_eq!(kinds(&ana.until_said("here")), ["said"]);
    assert_eq!(kinds(&other.until_said("there")), ["said"]);
}

/// It has no file open, and creates none.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn the_room_is_in_memory_alone() {
    let server = Server::with(&[], UNLIMITED);
    let before = server.env().tree();
    let (mut ana, bo) = (server.join("Ana"), server.join("Bo"));
    for number in 0..200 {
        ana.say(&format!("line {number}"));
    }
    ana.until_said("line 199");
    let folder = format!("/proc/{}/fd", server.pid());
    let mut sockets = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let target = fs::read_link(entry.unwrap().path()).unwrap();
        let target = target.to_str().unwrap().to_owned();
        sockets += usize::from(target.starts_with("socket:"));
        let harmless = ["socket:", "pipe:", "anon_inode:", "/dev/null"];
        assert!(harmless.iter().any(|start| target.starts_with(start)), "{target}");
    }
    assert!(sockets >= 3, "{sockets}");
    assert_eq!(server.env().tree(), before);
    drop((ana, bo));
    let env = server.env().root().to_owned();
    assert!(env.is_dir());
}

/// V-30: the link is on stdout and nowhere else.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn the_ticket_is_in_no_argument_and_no_environment() {
    let server = Server::start();
    for file in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{}/{file}", server.pid())).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains(&server.ticket), "{file}");
    }
    let ticket = server.ticket.clone();
    assert!(!server.stop().stderr.contains(&ticket));
}
