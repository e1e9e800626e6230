//! `chattrace --check`: what a session needs, without one.

use std::net::TcpListener;

use serde_json::Value;

use super::stage::Stage;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, Output, Program};

/// The state of the check `name`.
fn state(ended: &Output, name: &str) -> String {
    let checks = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = checks.into_iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name}: {ended:#?}"));
    assert_eq!(found["event"], "check");
    assert!(!found["text"].as_str().unwrap().is_empty(), "{found}");
    found["state"].as_str().unwrap().to_owned()
}

#[test]
fn everything_that_a_session_needs_is_checked_and_nothing_is_created() {
    let stage = Stage::new(HAPPY);
    let checked = Program::run(stage.public(&["--check", "--json"])).expect_code(0);
    for name in ["system calls", "programs", "sandbox", "cloudflared", "event log", "port"] {
        assert_eq!(state(&checked, name), "ok", "{name}");
    }
    for name in ["memory", "runtime folder", "swap", "core dumps"] {
        assert_ne!(state(&checked, name), "missing", "{name}");
    }
    let lines = Program::run(stage.local(&["--check"])).expect_code(0);
    assert!(
        lines.stdout.lines().all(|line| line.starts_with("ok ") || line.starts_with("warning "))
    );
    assert!(lines.stdout.contains("sandbox") && !lines.stdout.contains("cloudflared"));
    assert_eq!(lines.stderr, "");
    // A lobby, which the room's program alone would refuse, and the file that is named.
    std::fs::write(stage.env.root().join("config.json"), r#"{"room":{"lobby":true}}"#).unwrap();
    let checked = Program::run(stage.local(&["--check", "--json"])).expect_code(0);
    assert_eq!(state(&checked, "sandbox"), "ok");
    stage.assert_nothing_left();
}

#[test]
fn what_is_missing_is_named_with_the_next_step() {
    let stage = Stage::new(HAPPY);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let nowhere = stage.env.root().join("nowhere").display().to_string();
    for (arguments, name) in [
        (&["--listen", address.as_str()][..], "port"),
        (&["--archive-dir", nowhere.as_str()], "event log"),
        (&["--tunnel", "cloudflared", "--cloudflared", nowhere.as_str()], "cloudflared"),
    ] {
        let arguments = [&["--check", "--json"], arguments].concat();
        let checked = Program::run(stage.with_config(&arguments)).expect_code(69);
        assert_eq!(state(&checked, name), "missing");
    }
    let optional = stage.with_config(&["--check", "--json", "--cloudflared", &nowhere]);
    assert_eq!(state(&Program::run(optional).expect_code(0), "cloudflared"), "warning");
    let wrong = Program::run(stage.local(&["--check", "--backlog", "501"])).expect_code(78);
    assert!(wrong.stdout.is_empty() && wrong.stderr.contains("room.backlog"), "{wrong:#?}");
    stage.assert_nothing_left();
}

/// A copy of `chattrace` without the programs beside it.
#[test]
fn programs_that_are_not_there_are_named() {
    let stage = Stage::new(HAPPY);
    let alone = stage.env.root().join("bin/alone");
    std::fs::create_dir_all(&alone).unwrap();
    let program = alone.join("chattrace");
    std::fs::copy(CHATTRACE, &program).unwrap();
    let mut command = stage.env.command(&program);
    command.args(["--check", "--json", "--tunnel", "none"]);
    let checked = Program::run(command).expect_code(69);
    assert_eq!(state(&checked, "programs"), "missing");
}
