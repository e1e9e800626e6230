//! Of a session that has ended nothing is left in the memory that goes back to the kernel.

use serde_json::json;

use super::process::{Memory, Traced};
use super::root;
use super::search::Canaries;
use super::talk::Talk;
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;
use crate::serve::http::Poller;
use crate::serve::server::{Server, UNLIMITED};
use crate::session::ends::child;
use crate::session::guest::Guest;
use crate::session::stage::{Link, Stage, watched};

/// Fails unless every kind of canary is there, or the search would prove nothing.
fn assert_finds(pid: u32, canaries: &Canaries, kinds: &[&str]) {
    let copies = Memory::of(pid).copies(canaries);
    for kind in kinds {
        let found = copies.iter().any(|copy| copy.starts_with(kind));
        assert!(found, "{kind}: {}", copies.join("\n"));
    }
}

fn assert_empty(who: &str, memory: &Memory, canaries: &Canaries) {
    let copies = memory.copies(canaries);
    let bytes = memory.bytes();
    assert!(copies.is_empty(), "{who}: {} in {bytes}:\n{}", copies.len(), copies.join("\n"));
}

/// V-29: text, names, the ticket, and what brings people back.
#[test]
fn a_room_that_ends_leaves_nothing_in_its_memory() {
    if !root() {
        return;
    }
    let server = Server::with(&[], UNLIMITED);
    let mut canaries = Canaries::new();
    canaries.token("the ticket", &server.ticket);
    let mut ana = server.join(&canaries.name());
    let mut bo = Poller::join(&server, &canaries.name());
    let gone = server.join(&canaries.name());
    for welcome in [&ana.welcome, &bo.welcome, &gone.disconnect()] {
        canaries.resume(&welcome["resume"]);
    }
    ana.say(&canaries.text("a text").repeat(128));
    let last = canaries.text("a text");
    bo.poll(&[crate::serve::http::say("b1", &last)]);
    ana.until_said(&last);
    let kinds = ["the ticket", "a name", "a text", "a resume token, in bytes"];
    assert_finds(server.pid(), &canaries, &kinds);
    let traced = Traced::from_now(server.pid());
    server.stop();
    assert_empty("chattrace-serve", &traced.at_its_end(), &canaries);
}

/// V-29: the same of the room under its supervisor, and of the supervisor, which has seen the
/// ticket and the names.
#[test]
fn a_session_that_ends_leaves_nothing_in_its_memory() {
    if !root() {
        return;
    }
    let stage = Stage::new(HAPPY);
    let talk = Talk::over(&stage, watched(&stage.public(&["--json"])));
    let supervisor = talk.session.pid();
    let serve = child(supervisor, "chattrace-serve");
    assert_finds(serve, &talk.canaries, &["the ticket", "a name", "a text"]);
    assert_finds(supervisor, &talk.canaries, &["the ticket", "a name"]);
    let traced = [serve, supervisor].map(Traced::from_now);
    let (_, canaries) = talk.end();
    for (traced, who) in traced.into_iter().zip(["chattrace-serve", "chattrace"]) {
        assert_empty(who, &traced.at_its_end(), &canaries);
    }
}

/// V-29: on a terminal, where the link is a QR code as well, and the operator reads the log first.
#[test]
fn a_supervisor_on_a_terminal_leaves_nothing_in_its_memory() {
    if !root() {
        return;
    }
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&[]), 100);
    let link = Link::shown(&mut terminal);
    terminal.see("● local only");
    let mut canaries = Canaries::new();
    canaries.token("the ticket", &link.ticket);
    let name = canaries.name();
    let mut ana = Guest::join(&link, &name);
    canaries.resume(&json!(ana.resume));
    ana.say(&canaries.text("a text"));
    terminal.see(&name);
    assert_finds(terminal.pid(), &canaries, &["the ticket", "a name"]);
    let traced = Traced::from_now(terminal.pid());
    terminal.type_keys("\u{3}");
    terminal.see("[v]iew");
    terminal.type_keys("v\r");
    terminal.see(&format!("joined {name}"));
    terminal.see("[v]iew");
    terminal.type_keys("\r");
    terminal.wait().expect_code(0);
    assert_empty("chattrace", &traced.at_its_end(), &canaries);
}
