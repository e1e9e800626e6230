//! Writes that fail after others have succeeded: the disk is full in the middle, or at the end.

use std::process::Command;

use crate::harness::cloudflared::HAPPY;
use crate::harness::{Program, SERVE, Stream, in_shell};
use crate::session::control::ask;
use crate::session::guest::Guest;
use crate::session::stage::{Link, Stage};

const SENTENCE: &str = "cannot write to standard output: file too large; raise the limit on file \
                        sizes (ulimit -f), or redirect it elsewhere";

/// `command` with a file as standard output in which `room` more bytes fit.
fn with_room(stage: &Stage, room: usize, command: &Command) -> Program {
    let file = stage.env.root().join("bin/limited");
    std::fs::write(&file, vec![b'\n'; 1024 - room]).unwrap();
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\" >>../bin/limited";
    Program::start(in_shell(command, script))
}

/// The link that the operator reads.
fn link_on_stderr(session: &mut Program) -> Link {
    Link::local(session.stderr_line_with("http://127.0.0.1:").trim())
}

/// Events that a script waits for would be missing from then on.
#[test]
fn an_event_that_cannot_be_written_ends_the_room() {
    let stage = Stage::new(HAPPY);
    let mut serve = stage.env.command(SERVE);
    serve.arg("--json");
    let mut room = with_room(&stage, 120, &serve);
    // Printed after the link.
    room.stderr_line_with("open room");
    let written = std::fs::read_to_string(stage.env.root().join("bin/limited")).unwrap();
    let ready: serde_json::Value = serde_json::from_str(written.trim()).unwrap();
    Guest::join(&Link::local(ready["link"].as_str().unwrap()), "Ana");
    let ended = room.wait().expect_code(69);
    assert!(ended.stderr.contains(&format!("chattrace-serve: {SENTENCE}\n")), "{ended:#?}");
}

#[test]
fn an_event_that_cannot_be_written_ends_the_session_clean() {
    let stage = Stage::new(HAPPY);
    let mut session = with_room(&stage, 120, &stage.local(&["--json"]));
    Guest::join(&link_on_stderr(&mut session), "Ana");
    session.line(Stream::Stderr, |line| line == format!("chattrace: {SENTENCE}"));
    let ended = session.wait().expect_code(69);
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// The last line is written when everything else is over, and is not lost silently either.
#[test]
fn a_last_event_that_cannot_be_written_is_an_error() {
    let stage = Stage::new(HAPPY);
    let closing = "{\"event\":\"closing\",\"text\":\"stopped over the control socket\"}\n";
    let link_event = format!(
        "{{\"event\":\"link\",\"url\":\"http://127.0.0.1:12345/t/{}\",\"public\":false}}\n",
        "x".repeat(22)
    );
    let room = link_event.len() + closing.len() + 5;
    let mut session = with_room(&stage, room, &stage.local(&["--json"]));
    link_on_stderr(&mut session);
    ask(&stage, r#"{"id":1,"type":"stop"}"#, |answer| assert_eq!(answer["type"], "stopping"));
    let ended = session.wait().expect_code(69);
    let told = ended.stderr.matches(&format!("chattrace: {SENTENCE}\n")).count();
    assert_eq!(told, 1, "{ended:#?}");
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    stage.assert_nothing_left();
}
