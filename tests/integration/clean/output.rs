//! The output for a script, a pipe and a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::OpenptyResult;

use super::machine::Machine;
use crate::harness::CLEAN;

const QUESTION: &str = "remove all this? [y/N] ";

/// The files of one dead session, and the base that held only it, in the order of their removal.
fn listed(dir: &std::path::Path) -> Vec<String> {
    let (dir, base) = (dir.display(), dir.parent().unwrap().display());
    let names = ["/control.sock", "/home", "/lock", ""];
    names.iter().map(|name| format!("{dir}{name}")).chain([base.to_string()]).collect()
}

#[test]
fn stdout_is_the_removed_paths_and_nothing_else() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let ended = machine.clean(&["--stale", "--yes"]).expect_code(0);
    assert_eq!(ended.stdout, listed(&dead).join("\n") + "\n");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_dry_run_lists_and_removes_nothing() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let before = machine.tree();
    let ended = machine.clean(&["--stale", "--dry-run"]).expect_code(0);
    assert_eq!(ended.stdout, listed(&dead).join("\n") + "\n");
    let ended = machine.clean(&["--stale", "--dry-run", "-0"]).expect_code(0);
    assert_eq!(ended.stdout, listed(&dead).join("\0") + "\0\n");
    assert_eq!(machine.tree(), before);
}

#[test]
fn json_is_one_object_per_item() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    std::fs::write(dead.join("lock"), "12345").unwrap();
    let line = |name: &str, bytes: u32, kind: &str, removed: bool| {
        let path = if kind == "folder" {
            dead.parent().unwrap().display().to_string()
        } else {
            format!("{}{name}", dead.display())
        };
        format!(
            "{{\"path\":\"{path}\",\"bytes\":{bytes},\"kind\":\"{kind}\",\"removed\":{removed}}}\n"
        )
    };
    let all = |removed| {
        line("/control.sock", 0, "socket", removed)
            + &line("/home", 0, "home", removed)
            + &line("/lock", 5, "lock", removed)
            + &line("", 0, "session", removed)
            + &line("", 0, "folder", removed)
    };
    let ended = machine.clean(&["--stale", "--dry-run", "--json"]).expect_code(0);
    assert_eq!(ended.stdout, all(false));
    let ended = machine.clean(&["--stale", "--yes", "--json"]).expect_code(0);
    assert_eq!(ended.stdout, all(true));
}

#[test]
fn json_names_what_remains_and_why() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    std::fs::write(dead.join("unknown"), "").unwrap();
    let ended = machine.clean(&["--stale", "--json"]).expect_code(1);
    let last = ended.stdout.lines().last().unwrap();
    assert!(last.ends_with("\"removed\":false,\"why\":\"it is not empty\"}"), "{ended:#?}");
}

#[test]
fn the_pipelines_of_the_readme_work_on_an_empty_machine_and_on_a_full_one() {
    let machine = Machine::new();
    for full in [false, true] {
        if full {
            machine.dead_session("dead");
            machine.managed_file("cloudflared-2026.9.3");
            machine.event_log("chattrace-20260102-030405.log");
        }
        machine.shell("chattrace-clean --all --dry-run -0 | xargs -0 ls -ld").expect_code(0);
        let ended = machine.shell("chattrace-clean --all --yes && echo clean").expect_code(0);
        assert!(ended.stdout.ends_with("clean\n"), "{ended:#?}");
    }
}

#[test]
fn a_closed_stdout_does_not_stop_the_removal() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = machine.command(CLEAN, &["--stale"]);
    let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output();
    let output = output.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(!dead.exists());
}

/// Runs `chattrace-clean` on a terminal of its own, and types `answer` when it asks. Returns the screen
/// and the exit code.
fn on_terminal(machine: &Machine, arguments: &[&str], answer: &str) -> (String, Option<i32>) {
    on_pty(machine, arguments, answer, nix::pty::openpty(None, None).unwrap())
}

fn on_pty(
    machine: &Machine,
    arguments: &[&str],
    answer: &str,
    pty: OpenptyResult,
) -> (String, Option<i32>) {
    let mut command = machine.command("setsid", &["--ctty", "--wait", CLEAN]);
    command.args(arguments);
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    // Both hold the other end, and the read below would not end.
    drop(command);
    drop(pty.slave);
    let mut screen = File::from(pty.master);
    let mut shown = String::new();
    let mut part = [0; 4096];
    // A terminal ends with an error (EIO), not with an end of file.
    while let Ok(length @ 1..) = screen.read(&mut part) {
        shown.push_str(std::str::from_utf8(&part[..length]).unwrap());
        if shown.ends_with(QUESTION) {
            screen.write_all(answer.as_bytes()).unwrap();
        }
    }
    let code = child.wait().unwrap().code();
    (shown.replace("\r\n", "\n"), code)
}

#[test]
fn on_a_terminal_everything_is_listed_and_confirmed() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let program = machine.managed_file("cloudflared-2026.9.3");
    let (shown, code) = on_terminal(&machine, &["--dry-run"], "");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.ends_with("would remove 8 things\n"), "{shown}");
    for typed in ["n\n", "\n", "\u{4}"] {
        let (shown, code) = on_terminal(&machine, &[], typed);
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("nothing was removed"), "{shown}");
        assert!(dead.exists() && program.exists());
    }
    let (shown, code) = on_terminal(&machine, &[], "y\n");
    assert_eq!(code, Some(0), "{shown}");
    let line = format!("      7 B  cloudflared  {}\n", program.display());
    assert!(shown.contains(&line), "{shown}");
    assert!(shown.contains(QUESTION), "{shown}");
    assert!(shown.ends_with("removed 8 things, nothing remains\n"), "{shown}");
    assert!(!dead.exists() && !program.exists());
}

/// Node.js and others set `O_NONBLOCK` on a terminal, and with it on every program that shares it.
#[test]
fn on_a_terminal_that_does_not_block_the_answer_is_waited_for() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let pty = nix::pty::openpty(None, None).unwrap();
    fcntl(&pty.slave, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let (shown, code) = on_pty(&machine, &[], "y\n", pty);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.ends_with("nothing remains\n") && !dead.exists(), "{shown}");
}

#[test]
fn on_a_terminal_stale_items_are_removed_without_a_question() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    std::fs::write(dead.join("unknown"), "").unwrap();
    let (shown, code) = on_terminal(&machine, &["--stale"], "");
    assert_eq!(code, Some(1), "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
    assert!(shown.ends_with("removed 2 things, 3 remain\n"), "{shown}");
}
