//! V-11: children that do not exit. They are scripts without a death signal, so only process
//! groups, the mark and the guard can end them.

use std::process::Command;

use super::ends::{child, signal};
use super::guest::Guest;
use super::input::with_siblings;
use super::stage::{Link, Stage, event, watched};
use crate::harness::Program;
use crate::harness::cloudflared::HAPPY;

/// A room that becomes ready, ignores every signal and order to end, and then does `more`.
pub(super) fn room(more: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let hello = format!(r#"{{"type":"hello","version":"{version}"}}"#);
    let protection = r#"{"confinement":{"missing":[]},"locked":"nothing"}"#;
    let ready = format!(r#"{{"type":"ready","protection":{protection}}}"#);
    format!("trap '' TERM INT HUP QUIT\nprintf '%s\\n' '{hello}' '{ready}' >&0\n{more}\n")
}

/// Writes its pid to a file.
const HERE: &str = "echo $$ >>\"$HOME/../bin/here\"";

/// Rooms that ignore orders; leave a grandchild that leads a session of its own; leave three of
/// those and exit; stop themselves; fill a pipe.
fn rooms() -> [String; 5] {
    let sleeper = "setsid sh -c 'echo $$ >>\"$HOME/../bin/here\"; exec sleep 3600' &";
    [
        room(&format!("{HERE}; while :; do sleep 3600; done")),
        room(&format!("{sleeper} {HERE}; while :; do sleep 3600; done")),
        room(&format!("{sleeper} {sleeper} {sleeper} {HERE}; exit 0")),
        room(&format!("{HERE}; kill -STOP $$")),
        room(&format!("{HERE}; while :; do echo full >&2; done")),
    ]
}

/// A session with this room, once it has a link or has failed.
fn session_in(stage: &Stage, room: &str) -> Program {
    let siblings =
        [("chattrace-serve", Some(room)), ("chattrace-tunnel", None), ("chattrace-clean", None)];
    let mut command: Command = with_siblings(stage, &siblings);
    command.arg("--json");
    let mut session = watched(&command);
    // The room that exits ends the session; the others have a link.
    let name = if room.ends_with("exit 0\n") { "closing" } else { "link" };
    event(&mut session, name);
    session
}

fn forget(stage: &Stage) {
    let _ = std::fs::remove_file(stage.env.root().join("bin/here"));
}

#[test]
fn they_are_gone_when_the_session_ends() {
    for room in rooms() {
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, &room);
        if !room.ends_with("exit 0\n") {
            session.signal("TERM");
        }
        let ended = session.wait();
        assert!([0, 70].contains(&ended.code()), "{ended:#?}");
        assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
        forget(&stage);
        stage.assert_nothing_left();
    }
}

/// The guard is the only process left to end them.
#[test]
fn they_are_gone_when_the_session_is_killed() {
    for room in rooms() {
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, &room);
        session.signal("KILL");
        let ended = session.wait();
        assert!(ended.stderr.ends_with("its processes are ended, nothing remains\n"), "{ended:#?}");
        forget(&stage);
        stage.assert_nothing_left();
    }
}

/// Nor does one of them hold up `panic`.
#[test]
fn they_are_gone_when_the_operator_panics() {
    for room in rooms() {
        // It ends the session by itself.
        if room.ends_with("exit 0\n") {
            continue;
        }
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, &room);
        super::control::ask(&stage, r#"{"id":1,"type":"do","command":"panic"}"#, drop);
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.ends_with("panic: nothing remains\n"), "{ended:#?}");
        forget(&stage);
        stage.assert_nothing_left();
    }
}

/// An exit without a request is a failure, and one sentence says so.
#[test]
fn a_room_that_panics_is_70_and_says_where() {
    let stage = Stage::new(HAPPY);
    let panics = room(
        "echo 'chattrace-serve: internal error at src/x.rs:1:1; please report it' >&2
         exit 101",
    );
    let siblings = [
        ("chattrace-serve", Some(&*panics)),
        ("chattrace-tunnel", None),
        ("chattrace-clean", None),
    ];
    let ended = watched(&with_siblings(&stage, &siblings)).wait().expect_code(70);
    let said = "chattrace-serve ended with code 101: chattrace-serve: internal error at";
    assert!(ended.stderr.contains(said), "{ended:#?}");
    stage.assert_nothing_left();
}

/// Stopped children are continued for the end, so that the goodbye is told and the address
/// unregistered.
#[test]
fn stopped_services_say_goodbye_all_the_same() {
    for name in ["chattrace-serve", "chattrace-tunnel", "cloudflared", "chattrace-clean"] {
        let stage = Stage::new(HAPPY);
        let mut session = watched(&stage.public(&["--json"]));
        let link = event(&mut session, "link");
        let link = Link::at(link["url"].as_str().unwrap(), &stage.origin());
        let mut ana = Guest::join(&link, "Ana");
        ana.say("hello");
        let tunnel = child(session.pid(), "chattrace-tunnel");
        let of = if name == "cloudflared" { tunnel } else { session.pid() };
        signal("STOP", child(of, name));
        session.signal("INT");
        assert_eq!(ana.recv("end")["t"], "end", "{name}");
        session.wait().expect_code(0);
        assert!(stage.stand_in.ended_by_term(), "{name}");
        stage.assert_nothing_left();
    }
}

/// A session whose cleaner runs this script. Its guard is real.
fn with_cleaner(stage: &Stage, does: &str) -> Program {
    let clean = crate::harness::CLEAN;
    let script = format!("case \"$*\" in *--guard*) exec {clean} \"$@\";; esac; {does}");
    let siblings = [
        ("chattrace-serve", None),
        ("chattrace-tunnel", None),
        ("chattrace-clean", Some(&*script)),
    ];
    let mut command: Command = with_siblings(stage, &siblings);
    command.arg("--json");
    watched(&command)
}

#[test]
fn a_cleaner_that_is_killed_is_said_and_the_session_goes_on() {
    let stage = Stage::new(HAPPY);
    let mut session = with_cleaner(&stage, "kill -KILL $$");
    session.stderr_line_with(
        "old sessions     not cleaned up: chattrace-clean was ended by SIGKILL; run it yourself",
    );
    event(&mut session, "link");
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn a_cleaner_that_hangs_or_was_stopped_does_not_hold_up_the_end() {
    for hangs in ["trap '' TERM; while :; do sleep 3600; done", "kill -STOP $$"] {
        for name in ["TERM", "KILL"] {
            let stage = Stage::new(HAPPY);
            let mut session = with_cleaner(&stage, hangs);
            session.stderr_line_with("cloudflared");
            session.signal(name);
            let ended = session.wait();
            assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
            stage.assert_nothing_left();
        }
    }
}
