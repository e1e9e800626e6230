//! Wrong options, configurations, addresses and sibling programs.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use super::stage::{Link, Stage, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, Output, Program};

/// Runs `command`. Asserts that it exits with this code and one line on stderr that holds each of
/// these words, and leaves nothing.
pub(super) fn refused(stage: &Stage, command: &Command, code: i32, words: &[&str]) -> Output {
    let ended = watched(command).wait().expect_code(code);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {ended:#?}");
    }
    if code != 2 {
        let lines: Vec<_> =
            ended.stderr.lines().filter(|line| line.starts_with("chattrace: ")).collect();
        assert_eq!(lines.len(), 1, "{ended:#?}");
        stage.assert_nothing_left();
    }
    ended
}

#[test]
fn a_wrong_option_is_2_and_names_the_nearest() {
    let stage = Stage::new(HAPPY);
    for (arguments, words) in [
        (&["--no-qrr"][..], &["--no-qrr", "--no-qr"][..]),
        (&["--tunnel", "ngrok"], &["ngrok", "--tunnel"]),
        (&["--listen", "here"], &["here", "127.0.0.1:8080"]),
        (&["--max-participants", "0"], &["--max-participants"]),
        (&["--backlog", "many"], &["many", "--backlog"]),
        (&["--logs", "burn"], &["burn", "--logs"]),
        (&["--sealed", "--open"], &["--sealed", "--open"]),
        (&["extra"], &["extra"]),
    ] {
        refused(&stage, &stage.with_config(arguments), 2, words);
    }
    let ended = Program::run(stage.local(&["--help"])).expect_code(0);
    assert!(ended.stdout.contains("Examples:") && ended.stderr.is_empty(), "{ended:#?}");
}

#[test]
fn a_wrong_configuration_is_78_with_its_place_and_the_nearest_key() {
    let stage = Stage::new(HAPPY);
    let file = stage.env.root().join("config.json");
    let path = file.display().to_string();
    for (text, words) in [
        ("{\n \"tunel\": {}\n}", &["line 2", "unknown key \"tunel\"", "did you mean \"tunnel\"?"]),
        ("{\"logs\": \"burn\"}", &["line 1", "key \"logs\"", "is not one of ask, delete, save"]),
        ("{\"room\":\n{\"backlog\": \"x\"}}", &["line 2", "key \"room.backlog\"", "invalid type"]),
        ("{", &["line 1", "EOF", ""]),
    ] {
        std::fs::write(&file, text).unwrap();
        let words: Vec<&str> = words.iter().copied().chain([path.as_str()]).collect();
        refused(&stage, &stage.local(&[]), 78, &words);
    }
    std::fs::remove_file(&file).unwrap();
    let ended = watched(&stage.local(&[])).wait().expect_code(78);
    assert!(ended.stderr.contains("cannot read the configuration"), "{ended:#?}");
    assert!(ended.stderr.contains(&path), "{ended:#?}");
}

#[test]
fn an_address_that_cannot_be_listened_on_is_69_before_anything_starts() {
    let stage = Stage::new(HAPPY);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let words = [address.as_str(), "in use by another program", "--listen"];
    refused(&stage, &stage.local(&["--listen", &address]), 69, &words);
    // From the range for documentation, which no machine has (RFC 5737).
    let words = ["192.0.2.1:0", "not an address of this machine", "--listen"];
    refused(&stage, &stage.local(&["--listen", "192.0.2.1:0"]), 69, &words);
}

#[test]
fn a_listener_beyond_this_machine_is_said() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--listen", "0.0.0.0:0"]));
    session.stderr_line_with("every computer on the network can reach the room, unencrypted");
    session.signal("TERM");
    session.wait().expect_code(0);
}

#[test]
fn the_flag_is_stronger_than_the_environment_and_that_than_the_file() {
    let stage = Stage::new(HAPPY);
    let file = stage.env.root().join("config.json");
    std::fs::write(&file, r#"{"listen":"127.0.0.2:0"}"#).unwrap();
    for (environment, flag, listens) in [
        (None, None, "127.0.0.2:"),
        (Some("127.0.0.3:0"), None, "127.0.0.3:"),
        (Some("127.0.0.3:0"), Some("127.0.0.4:0"), "127.0.0.4:"),
    ] {
        let mut command = stage.local(&["--json"]);
        command.envs(environment.map(|value| ("CHATTRACE_LISTEN", value)));
        command.args(flag.map(|value| format!("--listen={value}")));
        let mut session = watched(&command);
        let link = Link::printed(&mut session);
        assert!(link.address.starts_with(listens), "{link:?}");
        session.signal("TERM");
        session.wait().expect_code(0);
    }
    // The user's own file, which no option names.
    let own = stage.env.home().join(".config/chattrace");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("config.json"), r#"{"listen":"127.0.0.5:0"}"#).unwrap();
    let mut command = stage.env.command(CHATTRACE);
    command.args(["--tunnel", "none", "--json"]);
    let mut session = watched(&command);
    assert!(Link::printed(&mut session).address.starts_with("127.0.0.5:"));
    session.signal("TERM");
    session.wait().expect_code(0);
}

/// `chattrace` in a folder of its own. Each sibling is a copy, or a script if one is given.
pub(super) fn with_siblings(stage: &Stage, siblings: &[(&str, Option<&str>)]) -> Command {
    let folder = stage.env.root().join("bin/with_siblings");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let real = Path::new(CHATTRACE);
    let copy = |name: &str| {
        let (from, to) = (real.with_file_name(name), folder.join(name));
        // A hard link where possible, as in `StandIn::install_as`.
        if std::fs::hard_link(&from, &to).is_err() {
            assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
        }
    };
    copy("chattrace");
    for (name, script) in siblings {
        let Some(script) = script else {
            copy(name);
            continue;
        };
        // Written by another process, for the reason given at `StandIn::install_as`.
        let mut written = Command::new("sh");
        written.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod 700 \"$0\""]);
        assert!(written.arg(folder.join(name)).arg(script).status().unwrap().success());
    }
    let own = stage.public(&[]);
    let mut command = stage.env.command(folder.join("chattrace"));
    command.args(own.get_args());
    command
}

#[test]
fn a_missing_sibling_is_69_at_once() {
    let stage = Stage::new(HAPPY);
    let words =
        ["chattrace-serve is missing", "bin/with_siblings/chattrace-serve", "all four together"];
    refused(&stage, &with_siblings(&stage, &[]), 69, &words);
    let command = with_siblings(&stage, &[("chattrace-serve", None), ("chattrace-tunnel", None)]);
    refused(&stage, &command, 69, &["chattrace-clean is missing"]);
}

/// Greets as another version would, and runs until the lifeline closes.
const OTHER_VERSION: &str = r#"echo '{"type":"hello","version":"9.9.9"}' >&0; exec cat >/dev/null"#;

#[test]
fn a_sibling_that_is_not_ours_is_70_and_everything_is_cleaned() {
    let stage = Stage::new(HAPPY);
    let clean = ("chattrace-clean", None);
    let other =
        ["chattrace-serve is version 9.9.9, but chattrace is version", "build or install all four"];
    let other_tunnel = [
        "chattrace-tunnel is version 9.9.9, but chattrace is version",
        "build or install all four",
    ];
    let died = ["chattrace-serve ended with code 3: it hurts: the room is gone"];
    let refused_clean =
        ["chattrace-clean is version 9.9.9, but chattrace is version", "build or install all four"];
    let siblings = [("chattrace-serve", None), ("chattrace-tunnel", None)];
    let siblings = [&siblings[..], &[("chattrace-clean", Some(OTHER_VERSION))]].concat();
    refused(&stage, &with_siblings(&stage, &siblings), 70, &refused_clean);
    for (serve, tunnel, words) in [
        (Some(OTHER_VERSION), None, &other[..]),
        (None, Some(OTHER_VERSION), &other_tunnel),
        (
            Some("echo '{\"type\":\"dance\"}' >&0; exec cat"),
            None,
            &["is of another version, but chattrace is version"],
        ),
        (Some("echo it hurts >&2; exit 3"), None, &died),
        (Some("exit 0"), None, &["chattrace-serve ended with code 0: the room is gone"]),
    ] {
        let siblings = [("chattrace-serve", serve), ("chattrace-tunnel", tunnel), clean];
        refused(&stage, &with_siblings(&stage, &siblings), 70, words);
    }
}
