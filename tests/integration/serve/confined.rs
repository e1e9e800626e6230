//! The confined process cannot use anything but its sockets, and serves the room as before.

use serde_json::json;

use super::server::{Server, UNLIMITED};
use crate::harness::{Program, SERVE, TestEnv, in_shell, stand_in};

/// The trials, in the order in which they are printed.
const TRIED: [&str; 24] = [
    "open a file for writing",
    "create a file",
    "open a file for reading",
    "change who may read a file",
    "make a file in memory",
    "use an inherited descriptor",
    "copy a descriptor",
    "start a program",
    "connect to another process",
    "connect a socket that it has",
    "connect by sending (fast open)",
    "send to an address",
    "send a message that a filter cannot see",
    "make an unconnected socket of a listener",
    "listen on a socket",
    "accept on another socket",
    "change a socket",
    "open a socket",
    "map executable memory",
    "make memory executable",
    "trace a process",
    "signal a process",
    "measure another process by its clock",
    "open our memory to others",
];

/// Those that Landlock alone refuses, on every kernel that has it with rules for ports.
const BY_LANDLOCK: [&str; 6] = [
    "open a file for writing",
    "create a file",
    "open a file for reading",
    "start a program",
    "connect to another process",
    "connect a socket that it has",
];

/// Those that fail without any layer, because there is nothing to use. All others are possible for a
/// process without confinement.
const WITHOUT_OBJECT: [&str; 2] = ["use an inherited descriptor", "trace a process"];

/// The self-test on a kernel without these features: the trials that were possible, and all output.
fn possible(features: &str) -> (Vec<String>, crate::harness::Output) {
    let env = TestEnv::new();
    let mut command = env.command(SERVE);
    command.arg("--self-test");
    let older = stand_in("older-kernel");
    let script = format!("exec {} {features} -- \"$0\" \"$@\"", older.display());
    let ended = Program::run(in_shell(&command, &script));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let tried: Vec<&str> = lines
        .iter()
        .map(|line| line.split_once("  ").unwrap().1.trim_start().split(": ").next().unwrap())
        .collect();
    assert_eq!(tried, TRIED, "{ended:#?}");
    let possible = lines.iter().filter_map(|line| line.strip_prefix("possible  "));
    (possible.map(str::to_owned).collect(), ended)
}

#[test]
fn every_trial_is_refused() {
    let (possible, ended) = possible("");
    assert_eq!(possible, [""; 0], "{ended:#?}");
    assert_eq!(ended.status.code(), Some(0));
    let not_permitted = ended.stdout.lines().filter(|line| line.ends_with("(os error 1)"));
    // There is no inherited descriptor, so the kernel had one refusal less to make.
    assert_eq!(not_permitted.count(), TRIED.len() - 1, "{ended:#?}");
    assert!(ended.stdout.contains("use an inherited descriptor: there is none\n"), "{ended:#?}");
}

/// The filter alone refuses all, Landlock alone what it has rules for. The self-test prints the
/// difference, with code 69.
#[test]
fn without_a_layer_the_self_test_finds_what_is_possible_then() {
    let (filtered, ended) = possible("landlock");
    assert_eq!(filtered, [""; 0], "{ended:#?}");
    assert!(
        ended.stderr.contains("no Landlock (not in this kernel, or its container refuses it)"),
        "{ended:#?}"
    );
    assert_eq!(ended.status.code(), Some(69));
    let (possible_there, ended) = possible("seccomp");
    for refused in BY_LANDLOCK {
        assert!(!possible_there.contains(&refused.to_owned()), "{refused}: {ended:#?}");
    }
    assert!(possible_there.contains(&"open our memory to others".to_owned()), "{ended:#?}");
    assert_eq!(ended.status.code(), Some(69));
    for refusal in ["seccomp=EPERM", "seccomp=EACCES", "seccomp=EINVAL"] {
        assert_eq!(possible(refusal).0, possible_there, "{refusal}");
    }
    for refusal in ["landlock_create_ruleset=EPERM", "landlock_restrict_self=EPERM"] {
        let (filtered, ended) = possible(refusal);
        assert_eq!(filtered, [""; 0], "{ended:#?}");
        assert!(ended.stderr.contains("no Landlock ("), "{ended:#?}");
        assert_eq!(ended.status.code(), Some(69));
    }
    let (unconfined, ended) = possible("seccomp landlock");
    for open in TRIED.iter().filter(|tried| !WITHOUT_OBJECT.contains(tried)) {
        assert!(unconfined.contains(&(*open).to_owned()), "{open}: {ended:#?}");
    }
    assert!(ended.stderr.contains("the room runs with your rights"), "{ended:#?}");
}

#[test]
fn it_prints_what_is_missing_or_refuses_to_start_if_confinement_is_required() {
    let env = TestEnv::new();
    let older = stand_in("older-kernel");
    let script = format!("exec {} landlock -- \"$0\" \"$@\"", older.display());
    let mut command = env.command(SERVE);
    command.arg("--require-confinement");
    let ended = Program::run(in_shell(&command, &script)).expect_code(69);
    assert_eq!(ended.stdout, "", "no link");
    assert!(ended.stderr.contains("use a newer kernel, allow the calls in"));
    let mut room = Program::start(in_shell(&env.command(SERVE), &script));
    room.stderr_line_with("sandbox: no Landlock (not in this kernel, or its container refuses it)");
    room.signal("TERM");
    room.wait().expect_code(0);
}

/// Over both transports.
#[test]
fn two_hundred_participants_talk_in_a_confined_room() {
    let server = Server::with(&["--max-participants", "200", "--require-confinement"], UNLIMITED);
    let mut sockets: Vec<_> = (0..199).map(|number| server.join(&format!("P{number}"))).collect();
    let line = json!({"t": "join", "name": "Polly", "ticket": server.ticket}).to_string();
    let welcome = server.post("/poll", "", &line).events().remove(0);
    for (number, sender) in sockets.iter_mut().enumerate() {
        sender.say(&format!("line {number}"));
    }
    for receiver in &mut sockets {
        let mut messages = 0;
        while messages < 199 {
            let event = receiver.next().unwrap();
            messages += usize::from(event["t"] == "said");
        }
    }
    let bearer = format!("Authorization: Bearer {}\r\n", welcome["resume"].as_str().unwrap());
    let polled = server.post("/poll?after=0", &bearer, "").events();
    assert!(polled.iter().any(|event| event["body"] == "line 198"));
    assert_eq!(server.refusal(&server.join_line("Late"))["why"], "full");
    drop(sockets);
    server.stop();
}
