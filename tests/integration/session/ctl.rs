//! `chattrace ctl`, as people and scripts use it.

use std::process::Command;

use serde_json::Value;

use super::guest::Guest;
use super::stage::{Link, Stage, event, in_shell, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, Output, OwnShm, Program};

/// `chattrace ctl` with these arguments.
pub(crate) fn command(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.env.command(CHATTRACE);
    command.arg("ctl").args(arguments);
    command
}

/// Runs `chattrace ctl` to its end.
pub(crate) fn ctl(stage: &Stage, arguments: &[&str]) -> Output {
    run_alone(command(stage, arguments))
}

/// Runs a command that finds no session of other tests: those that have no runtime folder of their own lie
/// in that of the machine.
fn run_alone(command: Command) -> Output {
    let shm = OwnShm::new();
    Program::run(shm.within(command))
}

#[test]
fn a_command_is_carried_out_and_answered() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let _ana = Guest::join(&link, "Ana");
    event(&mut session, "joined");
    let muted = ctl(&stage, &["mute", "Ana", "10m"]).expect_code(0);
    assert!(muted.stdout.starts_with("muted Ana #"), "{muted:#?}");
    assert_eq!(event(&mut session, "muted")["seconds"], 600);
    let listed = ctl(&stage, &["who"]).expect_code(0);
    assert!(listed.stdout.contains("Ana #") && listed.stdout.contains("muted for"), "{listed:#?}");
    // Options stand before the command or behind it.
    for arguments in [["--json", "who"], ["who", "--json"]] {
        let listed = ctl(&stage, &arguments).expect_code(0);
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        assert_eq!(listed["participants"][0]["name"], "Ana");
        assert_eq!(listed["participants"][0]["muted"], true);
        assert!(listed["participants"][0]["muted_seconds"].as_u64() <= Some(600), "{listed}");
        assert_eq!(listed["waiting"], Value::Array(Vec::new()));
    }
    let answer = ctl(&stage, &["--json", "lock"]).expect_code(0);
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(answer["type"], "done");
    assert_eq!(event(&mut session, "rules")["locked"], true);
    ctl(&stage, &["kick", "Ana"]).expect_code(0);
    event(&mut session, "kicked");
    let ended = ctl(&stage, &["end"]).expect_code(0);
    assert!(ended.stdout.contains("ending the session"), "{ended:#?}");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn jq_reads_the_names() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let _guests = ["Ana", "Bo"].map(|name| Guest::join(&link, name));
    let script = "\"$0\" \"$@\" | jq -r '.participants[].name'";
    let names = run_alone(in_shell(&command(&stage, &["who", "--json"]), script));
    assert_eq!(names.expect_code(0).stdout, "Ana\nBo\n");
    session.signal("TERM");
    session.wait().expect_code(0);
}

#[test]
fn what_is_refused_is_said_on_stderr_and_nothing_is_sent() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let long = "x".repeat(10_000);
    for (arguments, part) in [
        (&["fly"][..], "there is no command \"fly\""),
        (&["lokc"], "did you mean \"lock\"?"),
        (&["kick", "Nobody"], "Nobody"),
        (&["kick"], "kick WHO"),
        (&[""], "there is no command"),
        (&["mute", "3", "0s"], "\"0s\""),
        (&["kick", "\u{1b}[2J"], "control characters"),
        (&["kick", "a\nb"], "control characters"),
        (&[long.as_str()], "10000"),
        (&["say", long.as_str()], "4096"),
        (&["revoke", "7"], "7"),
    ] {
        let refused = ctl(&stage, arguments).expect_code(1);
        assert!(refused.stderr.contains(part), "{part}: {refused:#?}");
        assert_eq!(
            (refused.stdout.as_str(), refused.stderr.lines().count()),
            ("", 1),
            "{refused:#?}"
        );
        assert!(!refused.stderr.contains('\u{1b}'), "{refused:#?}");
    }
    for arguments in [&[][..], &["--fast", "who"], &["mute", "3", "-5m"], &["who", "--session"]] {
        let wrong = ctl(&stage, arguments).expect_code(2);
        assert!(wrong.stderr.contains("try '--help'"), "{wrong:#?}");
    }
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    let events: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(events.len(), 3, "only link, closing and closed: {ended:#?}");
}

#[test]
fn without_a_session_there_is_help_and_a_reason() {
    let stage = Stage::new(HAPPY);
    let none = ctl(&stage, &["lock"]).expect_code(69);
    assert!(none.stderr.contains("no session is running"), "{none:#?}");
    let help = ctl(&stage, &["help"]).expect_code(0);
    assert!(help.stdout.contains("mute WHO [SPAN]"), "{help:#?}");
    // A variable for a session's own options means nothing here.
    let mut command = command(&stage, &["help", "kick"]);
    let help = Program::run(std::mem::replace(
        command.env("CHATTRACE_LISTEN", "nowhere"),
        Command::new("true"),
    ));
    assert!(help.expect_code(0).stdout.starts_with("kick WHO"));
    stage.assert_nothing_left();
}

/// The reader takes nothing, and is gone before the answer comes.
#[test]
fn a_reader_that_is_gone_is_no_error() {
    let stage = Stage::new(HAPPY);
    let script = "{ \"$0\" \"$@\"; echo \"code $?\" >&2; } | true";
    let help = Program::run(in_shell(&command(&stage, &["help"]), script));
    assert_eq!(help.stderr, "code 0\n");
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let locked = run_alone(in_shell(&command(&stage, &["lock"]), script));
    assert_eq!(locked.stderr, "code 0\n");
    assert_eq!(event(&mut session, "rules")["locked"], true);
    session.signal("TERM");
    session.wait().expect_code(0);
}

#[test]
fn one_of_several_sessions_is_chosen_by_its_id() {
    let stage = Stage::new(HAPPY);
    let mut first = watched(&stage.local(&["--json"]));
    let first_link = Link::printed(&mut first);
    let first_id = id_of(&stage.run_dirs()[0]);
    let mut second = watched(&stage.local(&["--json"]));
    let second_link = Link::printed(&mut second);
    let ids: Vec<String> = stage.run_dirs().iter().map(|dir| id_of(dir)).collect();
    let refused = ctl(&stage, &["lock"]).expect_code(1);
    assert!(ids.iter().all(|id| refused.stderr.contains(id)), "{ids:?} {refused:#?}");
    for link in [&first_link, &second_link] {
        assert!(!refused.stderr.contains(&link.ticket), "{refused:#?}");
    }
    ctl(&stage, &["lock", "--session", &first_id]).expect_code(0);
    event(&mut first, "rules");
    let unknown = ctl(&stage, &["--session", "nosuch", "lock"]).expect_code(69);
    assert!(unknown.stderr.contains("no session nosuch"), "{unknown:#?}");
    for session in [first, second] {
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        let rules = ended.stdout.matches("\"rules\"").count();
        assert_eq!(rules, usize::from(ended.stdout.contains(&first_link.ticket)), "{ended:#?}");
    }
    stage.assert_nothing_left();
}

fn id_of(run_dir: &std::path::Path) -> String {
    run_dir.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The folder keeps others out. As root, the tests can become another user.
#[test]
fn another_user_finds_no_session() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let script = "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"";
    let ended = run_alone(in_shell(&command(&stage, &["lock"]), script)).expect_code(69);
    assert!(ended.stderr.contains("no session is running"), "{ended:#?}");
    session.signal("TERM");
    session.wait().expect_code(0);
}

/// The session reads nothing: it is stopped. `ctl` says so, in the time that it gives an answer.
#[test]
fn a_session_that_hangs_is_named() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    session.signal("STOP");
    let silent = ctl(&stage, &["lock"]).expect_code(69);
    assert!(silent.stderr.contains("did not answer"), "{silent:#?}");
    session.signal("CONT");
    session.signal("TERM");
    session.wait().expect_code(0);
}
