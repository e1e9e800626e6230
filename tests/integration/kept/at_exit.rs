//! At the exit of a process no canary is left in the memory that it returns to the kernel.

use serde_json::json;

use super::canaries::Canaries;
use super::conversation::Conversation;
use super::process_memory::{ExitTracer, ProcessMemory};
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;
use crate::serve::http::Poller;
use crate::serve::server::{Server, UNLIMITED};
use crate::session::ends::child;
use crate::session::guest::Guest;
use crate::session::stage::{Link, Stage, end_at_question, watched};

/// Checks that every kind of canary is in memory while the process runs: else the search proves
/// nothing.
pub(super) fn assert_finds(pid: u32, canaries: &Canaries, kinds: &[&str]) {
    let copies = ProcessMemory::of(pid).copies(canaries);
    for kind in kinds {
        let found = copies.iter().any(|copy| copy.starts_with(kind));
        assert!(found, "{kind}: {}", copies.join("\n"));
    }
}

pub(super) fn assert_empty(process: &str, memory: &ProcessMemory, canaries: &Canaries) {
    let copies = memory.copies(canaries);
    let bytes = memory.bytes();
    assert!(
        copies.is_empty(),
        "{process}: {} copies in {bytes} bytes:\n{}",
        copies.len(),
        copies.join("\n")
    );
}

/// V-29: messages, names, the ticket, resume tokens.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn serve_has_no_canary_in_memory_at_its_exit() {
    let server = Server::with(&[], UNLIMITED);
    let mut canaries = Canaries::new();
    canaries.token("the ticket", &server.ticket);
    let mut ana = server.join(&canaries.name());
    let mut bo = Poller::join(&server, &canaries.name());
    let former = server.join(&canaries.name());
    for welcome in [&ana.welcome, &bo.welcome, &former.disconnect()] {
        canaries.resume(&welcome["resume"]);
    }
    ana.say(&canaries.text("a text").repeat(128));
    let last = canaries.text("a text");
    bo.poll(&[crate::serve::http::say("b1", &last)]);
    ana.until_said(&last);
    let kinds = ["the ticket", "a name", "a text", "a resume token, in bytes"];
    assert_finds(server.pid(), &canaries, &kinds);
    let tracer = ExitTracer::attach(server.pid());
    server.stop();
    assert_empty("chattrace-serve", &tracer.memory_at_exit(), &canaries);
}

/// V-29: serve under its supervisor, and the supervisor itself, which knows the ticket and the names.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_session_has_no_canary_in_memory_at_its_exit() {
    let stage = Stage::new(HAPPY);
    let conversation = Conversation::start(&stage, watched(&stage.public(&["--json"])));
    let supervisor = conversation.session.pid();
    let serve = child(supervisor, "chattrace-serve");
    assert_finds(serve, &conversation.canaries, &["the ticket", "a name", "a text"]);
    assert_finds(supervisor, &conversation.canaries, &["the ticket", "a name"]);
    let tracers = [serve, supervisor].map(ExitTracer::attach);
    let (_, canaries) = conversation.end();
    for (tracer, process) in tracers.into_iter().zip(["chattrace-serve", "chattrace"]) {
        assert_empty(process, &tracer.memory_at_exit(), &canaries);
    }
}

/// V-29: on a terminal the supervisor also draws the link as a QR code, and shows the event log.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_supervisor_on_a_terminal_has_no_canary_in_memory_at_its_exit() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&[]), 100);
    let link = Link::on_screen(&mut terminal);
    terminal.wait_for("● local only");
    let mut canaries = Canaries::new();
    canaries.token("the ticket", &link.ticket);
    let name = canaries.name();
    let mut ana = Guest::join(&link, &name);
    canaries.resume(&json!(ana.resume));
    ana.say(&canaries.text("a text"));
    terminal.wait_for(&name);
    assert_finds(terminal.pid(), &canaries, &["the ticket", "a name"]);
    let tracer = ExitTracer::attach(terminal.pid());
    terminal.type_keys("\u{3}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("v\r");
    terminal.wait_for(&format!("joined {name}"));
    end_at_question(terminal);
    assert_empty("chattrace", &tracer.memory_at_exit(), &canaries);
}
