//! Output that does not reach its reader. A failed write is an error with a sentence and code 69; a
//! reader that has gone away is none.

mod blocked;
mod later;
mod sink;

use std::process::Command;

use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, CLEAN, Output, Program, SERVE, TUNNEL, TestEnv, in_shell};
use crate::session::stage::Stage;
use crate::tunnel::command::{ORIGIN, tunnel};
use sink::{SINKS, Sink};

/// Every run that prints a result and exits.
const RESULTS: [(&str, &str, &[&str]); 12] = [
    ("chattrace", CHATTRACE, &["--help"]),
    ("chattrace", CHATTRACE, &["--version"]),
    ("chattrace-serve", CHATTRACE, &["--explain-limits"]),
    ("chattrace-serve", SERVE, &["--help"]),
    ("chattrace-serve", SERVE, &["--version"]),
    ("chattrace-serve", SERVE, &["--explain-limits"]),
    ("chattrace-serve", SERVE, &["--self-test"]),
    ("chattrace-tunnel", TUNNEL, &["--help"]),
    ("chattrace-tunnel", TUNNEL, &["--version"]),
    ("chattrace-clean", CLEAN, &["-h"]),
    ("chattrace-clean", CLEAN, &["--help"]),
    ("chattrace-clean", CLEAN, &["--version"]),
];

/// Asserts that the write failed with its sentence, once, and with its code.
fn assert_named(ended: &Output, sink: &Sink, program: &str) {
    let sentence = sink.sentence(program);
    let times = ended.stderr.lines().filter(|line| *line == sentence).count();
    assert_eq!((times, ended.code()), (1, 69), "expected {sentence:?}: {ended:#?}");
    assert!(!ended.stderr.contains("reader"), "{ended:#?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
}

fn command(env: &TestEnv, program: &str, arguments: &[&str]) -> Command {
    let mut command = env.command(program);
    command.args(arguments);
    command
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let env = TestEnv::new();
    for (name, program, arguments) in RESULTS {
        for sink in SINKS {
            let ended = sink.run(&env, &command(&env, program, arguments));
            assert_named(&ended, sink, name);
        }
    }
}

/// A pager that was left, and a caller that wants no output: neither is an error.
#[test]
fn a_result_without_a_reader_is_no_error() {
    let env = TestEnv::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    for (_, program, arguments) in RESULTS {
        let mut command = command(&env, program, arguments);
        command.stdout(writer.try_clone().unwrap());
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments:?}");
        for unwanted in [">/dev/null", ">&-"] {
            let script = format!("exec \"$0\" \"$@\" {unwanted}");
            let ended = Program::run(in_shell(&command, &script)).expect_code(0);
            assert_eq!(ended.stderr, "", "{arguments:?} {unwanted}");
        }
    }
}

/// The link is lost, so no participant could join.
#[test]
fn a_room_whose_link_cannot_be_written_ends() {
    let env = TestEnv::new();
    for arguments in [&[][..], &["--json"]] {
        for sink in SINKS {
            let ended = sink.run(&env, &command(&env, SERVE, arguments));
            assert_named(&ended, sink, "chattrace-serve");
        }
    }
}

#[test]
fn a_tunnel_whose_link_cannot_be_written_unregisters_and_ends() {
    for arguments in [&[ORIGIN][..], &[ORIGIN, "--json"]] {
        for sink in SINKS {
            let stage = Stage::new(HAPPY);
            let command = tunnel(&stage.env, &stage.stand_in, arguments);
            let ended = sink.run(&stage.env, &command);
            assert_named(&ended, sink, "chattrace-tunnel");
            assert!(stage.stand_in.ended_by_term() || arguments.len() > 1, "{ended:#?}");
            stage.assert_nothing_left();
        }
    }
}

#[test]
fn a_session_whose_link_cannot_be_written_ends_clean() {
    for arguments in [&[][..], &["--json"], &["--quiet"]] {
        for sink in SINKS {
            let stage = Stage::new(HAPPY);
            let ended = sink.run(&stage.env, &stage.public(arguments));
            assert_named(&ended, sink, "chattrace");
            let is_quiet = arguments == ["--quiet"];
            assert_eq!(ended.stderr.contains("nothing remains"), !is_quiet, "{ended:#?}");
            stage.assert_nothing_left();
        }
    }
}

/// The removal matters more than its report.
#[test]
fn what_cannot_be_reported_is_removed_all_the_same() {
    for format in [&["--stale", "--yes"][..], &["--stale", "-0"], &["--stale", "--json"]] {
        for sink in SINKS {
            let stage = Stage::new(HAPPY);
            let dead = dead_session(&stage.env);
            let ended = sink.run(&stage.env, &command(&stage.env, CLEAN, format));
            assert_named(&ended, sink, "chattrace-clean");
            assert!(ended.stderr.contains("removed 3 things, nothing remains"), "{ended:#?}");
            assert!(!dead.exists());
        }
    }
}

#[test]
fn a_list_that_cannot_be_written_is_an_error_and_removes_nothing() {
    for sink in SINKS {
        let stage = Stage::new(HAPPY);
        let dead = dead_session(&stage.env);
        let ended = sink.run(&stage.env, &command(&stage.env, CLEAN, &["--dry-run", "-0"]));
        assert_named(&ended, sink, "chattrace-clean");
        assert!(dead.join("lock").exists());
    }
}

/// What remains matters more than what was not reported: code 1.
#[test]
fn something_that_remains_keeps_its_code() {
    let stage = Stage::new(HAPPY);
    let dead = dead_session(&stage.env);
    std::fs::write(dead.join("letter"), "mine").unwrap();
    let ended = SINKS[0].run(&stage.env, &command(&stage.env, CLEAN, &["--stale", "--json"]));
    assert!(ended.stderr.contains(&SINKS[0].sentence("chattrace-clean")), "{ended:#?}");
    ended.expect_code(1);
}

/// The runtime folder of a session that was killed; it is the base's only one.
fn dead_session(env: &TestEnv) -> std::path::PathBuf {
    use std::os::unix::fs::DirBuilderExt as _;
    let dead = env.runtime().join("chattrace/dead");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dead).unwrap();
    std::fs::write(dead.join("lock"), "").unwrap();
    dead
}
