//! Starting: options, configuration, addresses, and a sentence when it fails.

use std::fs;
use std::net::TcpListener;

use super::server::{Server, parse_link};
use crate::harness::{Output, Program, SERVE, TestEnv};

fn run(arguments: &[&str]) -> Output {
    let env = TestEnv::new();
    let mut command = env.command(SERVE);
    command.args(arguments);
    Program::run(command)
}

fn assert_says(ended: Output, code: i32, parts: &[&str]) {
    let ended = ended.expect_code(code);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended:#?}");
    }
    assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
}

#[test]
fn stdout_is_the_link_alone_and_stderr_says_who_can_read_the_chat() {
    let env = TestEnv::new();
    let mut program = Program::start(env.command(SERVE));
    let link = program.stdout_line();
    let (host, _) = parse_link(&link);
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    program.signal("TERM");
    let ended = program.wait().expect_code(0);
    assert_eq!(ended.stdout, format!("{link}\n"));
    let said = "open room: this computer, and a tunnel's provider, can read what is said\n";
    assert_eq!(ended.stderr, said);
}

#[test]
fn it_lets_messages_fade_without_a_supervisor() {
    for server in
        [Server::with(&["--fade", "10m"], "{}"), Server::with(&[], r#"{"room":{"fade":"10m"}}"#)]
    {
        assert_eq!(server.join("Ana").welcome["rules"]["fade"], 600);
        server.stop();
    }
}

#[test]
fn an_address_that_is_not_available_is_69_with_the_next_step() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let in_use = run(&["--listen", &address]);
    assert_says(in_use, 69, &[&address, "in use", "--listen"]);
    // An address for documentation, which no machine has (RFC 5737).
    let elsewhere = run(&["--listen", "192.0.2.1:0"]);
    assert_says(elsewhere, 69, &["not an address of this machine"]);
}

/// Listening on a port below 1024 needs a privilege.
#[test]
fn port_80_works_or_is_refused_with_a_sentence() {
    let env = TestEnv::new();
    let mut command = env.command(SERVE);
    command.args(["--listen", "127.0.0.1:80"]);
    let mut program = Program::start(command);
    program.line(crate::harness::Stream::Stderr, |line| {
        ["open room", "port from 1024 up", "in use"].iter().any(|part| line.contains(part))
    });
}

#[test]
fn a_wrong_command_line_is_2() {
    for (arguments, part) in [
        (&["--listen", "nowhere"] as &[&str], "127.0.0.1:8080"),
        (&["--listen", "localhost:80"], "127.0.0.1:8080"),
        (&["--listen", "127.0.0.1:99999"], "is not an address to listen on"),
        (&["--lisen", "127.0.0.1:0"], "--listen"),
        (&["--max-participants", "0"], "from 1 to 10000"),
        (&["--max-participants", "many"], "from 1 to 10000"),
        (&["--backlog=-1"], "from 0 to 100000"),
        (&["--sealed", "--open"], "cannot be used with"),
        (&["stray"], "stray"),
    ] {
        assert_says(run(arguments), 2, &[part]);
    }
}

#[test]
fn a_wrong_environment_is_named_too() {
    let env = TestEnv::new();
    for (name, value) in [("CHATTRACE_LISTEN", "x"), ("CHATTRACE_MODE", "secret")] {
        let mut command = env.command(SERVE);
        command.env(name, value);
        let ended = Program::run(command).expect_code(2);
        assert!(ended.stderr.contains(value), "{ended:#?}");
    }
}

#[test]
fn a_wrong_configuration_is_78_with_file_line_key_and_what_was_meant() {
    let env = TestEnv::new();
    let file = env.root().join("config.json");
    let path = file.to_str().unwrap();
    for (text, parts) in [
        ("{\n\"lisen\": 1}", &["line 2", "lisen", "\"listen\""] as &[&str]),
        ("{\"room\": {\"backlog\": \"x\"}}", &["room.backlog", "line 1"]),
        ("{\"room\": {\"max_participants\": 0}}", &["max_participants", "from 1 to 10000"]),
        ("{\"listen\": \"x\"}", &["listen", "127.0.0.1:8080"]),
        ("{\"room\": {\"backlog\": 501}}", &["room.backlog", "room.ring.events"]),
        ("{", &["line 1"]),
        ("", &["line 1"]),
    ] {
        fs::write(&file, text).unwrap();
        let mut command = env.command(SERVE);
        command.args(["--config", path]);
        assert_says(Program::run(command), 78, parts);
    }
    assert_says(run(&["--config", "/nowhere.json"]), 78, &["/nowhere.json", "--config"]);
    assert_says(run(&["--config", "/"]), 78, &["cannot read"]);
}

#[test]
fn a_room_without_a_supervisor_is_open() {
    let words = ["chattrace-serve alone is always open", "run chattrace"];
    assert_says(run(&["--sealed"]), 78, &words);
    let env = TestEnv::new();
    let mut command = env.command(SERVE);
    command.env("CHATTRACE_MODE", "sealed");
    assert_says(Program::run(command), 78, &words);
}

/// A full disk behind `>`: the link cannot be printed.
#[test]
fn a_stdout_that_takes_nothing_ends_it() {
    let env = TestEnv::new();
    let mut command = env.command("/bin/sh");
    let script = format!("exec {SERVE} >/dev/full");
    command.args(["-c", &script]);
    Program::run(command).expect_code(69);
}

/// It needs no home, no runtime folder and no writable working folder.
#[test]
fn it_starts_with_an_empty_environment() {
    let env = TestEnv::new();
    let mut command = env.command(SERVE);
    command.env_clear().current_dir("/");
    let mut program = Program::start(command);
    parse_link(&program.stdout_line());
    program.signal("TERM");
    program.wait().expect_code(0);
}

#[test]
fn help_fits_a_screen_and_ends_with_two_examples() {
    let ended = run(&["--help"]).expect_code(0);
    assert!(ended.stdout.lines().count() <= 24, "{ended:#?}");
    let (_, examples) = ended.stdout.split_once("Examples:\n").unwrap();
    assert_eq!(examples.lines().count(), 2);
    let version = run(&["--version"]).expect_code(0);
    assert_eq!(version.stdout, concat!("chattrace-serve ", env!("CARGO_PKG_VERSION"), "\n"));
}
