//! What a script, a pipe and a person are told.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use super::ground::Ground;
use crate::harness::CLEAN;

const QUESTION: &str = "remove all this? [y/N] ";

/// The things of one dead session, and the folder that held it alone, in the order in which they go.
fn listed(dir: &std::path::Path) -> Vec<String> {
    let (dir, base) = (dir.display(), dir.parent().unwrap().display());
    let names = ["/control.sock", "/home", "/lock", ""];
    names.iter().map(|name| format!("{dir}{name}")).chain([base.to_string()]).collect()
}

#[test]
fn stdout_is_the_removed_paths_and_nothing_else() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    let ended = ground.clean(&["--stale", "--yes"]).expect_code(0);
    assert_eq!(ended.stdout, listed(&dead).join("\n") + "\n");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_dry_run_lists_and_removes_nothing() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    let before = ground.tree();
    let ended = ground.clean(&["--stale", "--dry-run"]).expect_code(0);
    assert_eq!(ended.stdout, listed(&dead).join("\n") + "\n");
    let ended = ground.clean(&["--stale", "--dry-run", "-0"]).expect_code(0);
    assert_eq!(ended.stdout, listed(&dead).join("\0") + "\0\n");
    assert_eq!(ground.tree(), before);
}

#[test]
fn json_is_one_object_per_thing() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
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
    let ended = ground.clean(&["--stale", "--dry-run", "--json"]).expect_code(0);
    assert_eq!(ended.stdout, all(false));
    let ended = ground.clean(&["--stale", "--yes", "--json"]).expect_code(0);
    assert_eq!(ended.stdout, all(true));
}

#[test]
fn json_names_what_remains_and_why() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    std::fs::write(dead.join("unknown"), "").unwrap();
    let ended = ground.clean(&["--stale", "--json"]).expect_code(1);
    let last = ended.stdout.lines().last().unwrap();
    assert!(last.ends_with("\"removed\":false,\"why\":\"it is not empty\"}"), "{ended:#?}");
}

#[test]
fn the_pipelines_of_the_contract_work_on_an_empty_machine_and_on_a_full_one() {
    let ground = Ground::new();
    for full in [false, true] {
        if full {
            ground.dead("dead");
            ground.fetched("cloudflared-2026.9.3");
            ground.log("chattrace-20260102-030405.log");
        }
        ground.shell("chattrace-clean --all --dry-run -0 | xargs -0 ls -ld").expect_code(0);
        let ended = ground.shell("chattrace-clean --all --yes && echo clean").expect_code(0);
        assert!(ended.stdout.ends_with("clean\n"), "{ended:#?}");
    }
}

#[test]
fn a_reader_that_is_gone_changes_nothing() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = ground.command(CLEAN, &["--stale"]);
    let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output();
    let output = output.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(!dead.exists());
}

/// Runs `chattrace-clean` in front of a terminal of its own, where `answer` is typed when it asks;
/// what the screen shows, and the code.
fn on_terminal(ground: &Ground, arguments: &[&str], answer: &str) -> (String, Option<i32>) {
    let pty = nix::pty::openpty(None, None).unwrap();
    let mut command = ground.command("setsid", &["--ctty", "--wait", CLEAN]);
    command.args(arguments);
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    // Both still hold the other end, and its reader would wait for us.
    drop(command);
    drop(pty.slave);
    let mut screen = File::from(pty.master);
    let mut shown = String::new();
    let mut part = [0; 4096];
    // The end of a terminal is an error of its own (EIO), not an end of file.
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
fn on_a_terminal_everything_is_shown_and_asked_for() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    let program = ground.fetched("cloudflared-2026.9.3");
    let (shown, code) = on_terminal(&ground, &["--dry-run"], "");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.ends_with("would remove 8 things\n"), "{shown}");
    for typed in ["n\n", "\n", "\u{4}"] {
        let (shown, code) = on_terminal(&ground, &[], typed);
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("nothing was removed"), "{shown}");
        assert!(dead.exists() && program.exists());
    }
    let (shown, code) = on_terminal(&ground, &[], "y\n");
    assert_eq!(code, Some(0), "{shown}");
    let line = format!("      7 B  cloudflared  {}\n", program.display());
    assert!(shown.contains(&line), "{shown}");
    assert!(shown.contains(QUESTION), "{shown}");
    assert!(shown.ends_with("removed 8 things, nothing remains\n"), "{shown}");
    assert!(!dead.exists() && !program.exists());
}

#[test]
fn on_a_terminal_the_stale_goes_without_a_question() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    std::fs::write(dead.join("unknown"), "").unwrap();
    let (shown, code) = on_terminal(&ground, &["--stale"], "");
    assert_eq!(code, Some(1), "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
    assert!(shown.ends_with("removed 2 things, 3 remain\n"), "{shown}");
}
