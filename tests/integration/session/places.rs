//! Machines with a bad runtime folder or home, or none; containers; two sessions at once; and what
//! must never be on a disk.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::ends::{child, kill, kill_with_guard, signal};
use super::guest::Guest;
use super::stage::{Link, Stage, event, in_shell, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Program, in_namespace};

/// The runtime folder that the session shows.
fn runtime(session: &mut Program) -> PathBuf {
    let line = session.stderr_line_with("runtime folder");
    let path = line.split("runtime folder").nth(1).unwrap().trim();
    PathBuf::from(path.split(" (").next().unwrap())
}

/// Asserts that a session with `XDG_RUNTIME_DIR` set to `folder`, or unset, uses another folder and
/// leaves nothing in either.
fn assert_falls_back(stage: &Stage, folder: Option<&Path>) {
    let mut command = stage.local(&["--json", "--verbose"]);
    match folder {
        Some(folder) => command.env("XDG_RUNTIME_DIR", folder),
        None => command.env_remove("XDG_RUNTIME_DIR"),
    };
    let mut session = watched(&command);
    let runtime = runtime(&mut session);
    assert!(runtime.starts_with("/dev/shm") || runtime.starts_with("/tmp"), "{runtime:?}");
    assert!(folder.is_none_or(|folder| !runtime.starts_with(folder)), "{runtime:?}");
    let base = std::fs::metadata(runtime.parent().unwrap()).unwrap();
    assert_eq!(base.permissions().mode() & 0o777, 0o700);
    let mut ana = Guest::join(&Link::printed(&mut session), "Ana");
    ana.say("hello");
    assert!(runtime.join("control.sock").exists());
    session.signal("TERM");
    session.wait().expect_code(0);
    assert!(!runtime.exists());
    stage.assert_nothing_left();
}

#[test]
fn without_a_runtime_folder_it_takes_another() {
    let stage = Stage::new(HAPPY);
    assert_falls_back(&stage, None);
    assert_falls_back(&stage, Some(Path::new("relative")));
    assert_falls_back(&stage, Some(Path::new("/nowhere/at/all")));
}

#[test]
fn a_bad_runtime_folder_is_left_alone() {
    let stage = Stage::new(HAPPY);
    // A file.
    assert_falls_back(&stage, Some(&stage.env.root().join("config.json")));
    // Too long for a socket, and missing: none of its parents is created.
    assert_falls_back(&stage, Some(&stage.env.root().join("a-name-of-some-length".repeat(5))));
    assert_falls_back(&stage, Some(Path::new("/proc")));
}

#[test]
fn a_runtime_folder_that_others_may_enter_is_not_used() {
    let stage = Stage::new(HAPPY);
    let open = stage.env.root().join("bin/open");
    std::fs::create_dir_all(&open).unwrap();
    std::fs::DirBuilder::new().mode(0o755).create(open.join("chattrace")).unwrap();
    assert_falls_back(&stage, Some(&open));
    let linked = stage.env.root().join("bin/linked");
    std::fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(stage.env.home(), linked.join("chattrace")).unwrap();
    assert_falls_back(&stage, Some(&linked));
    assert_eq!(std::fs::read_dir(open.join("chattrace")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(stage.env.home()).unwrap().count(), 0);
}

#[test]
fn without_a_home_it_works() {
    let stage = Stage::new(HAPPY);
    for home in [None, Some("/nowhere"), Some("")] {
        let mut command = stage.public(&["--json"]);
        match home {
            Some(home) => command.env("HOME", home),
            None => command.env_remove("HOME"),
        };
        let mut session = watched(&command);
        assert_eq!(event(&mut session, "link")["public"], true);
        session.signal("TERM");
        session.wait().expect_code(0);
        stage.assert_nothing_left();
    }
}

#[test]
fn two_at_once_do_not_know_of_each_other() {
    let stage = Stage::new(HAPPY);
    let mut one = watched(&stage.public(&["--json"]));
    event(&mut one, "link");
    let mut other = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut other);
    assert_eq!(stage.run_dirs().len(), 2);
    let mut ana = Guest::join(&link, "Ana");
    kill_with_guard(&one);
    one.wait();
    ana.say("still here");
    // A running session does not clean up after others.
    other.signal("TERM");
    other.wait().expect_code(0);
    assert_eq!(stage.run_dirs().len(), 1);
    let mut third = watched(&stage.local(&["--json"]));
    Link::printed(&mut third);
    third.signal("TERM");
    third.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// A container without systemd and without a terminal: `chattrace` is its init, or the child of a
/// shell that is, and no other process adopts orphans or cleans up.
#[test]
#[ignore = "needs namespaces: tests/run"]
fn in_a_container_it_ends_like_everywhere() {
    let own = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    for init in ["exec \"$0\" \"$@\"", "\"$0\" \"$@\"; exit $?"] {
        for (name, code) in [("TERM", Some(0)), ("KILL", None)] {
            let stage = Stage::new(HAPPY);
            let inside = in_shell(&stage.public(&["--json"]), init);
            let mut session = watched(&in_namespace(&own, &inside));
            event(&mut session, "link");
            let first =
                child(session.pid(), if init.starts_with("exec") { "chattrace" } else { "sh" });
            let chattrace =
                if init.starts_with("exec") { first } else { child(first, "chattrace") };
            signal(name, chattrace);
            let ended = session.wait();
            assert!(code.is_none() || ended.status.code() == code, "{ended:#?}");
            if name == "TERM" {
                assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
            }
            // When init is killed, the kernel kills the whole container at once, with the guard.
            stage.clean().expect_code(0);
            stage.assert_nothing_left();
        }
    }
}

/// Sessions begin while the end of others removes the base folder.
#[test]
fn sessions_that_begin_while_others_end_find_their_place() {
    let stage = Stage::new(HAPPY);
    for _ in 0..3 {
        let mut some: Vec<Program> =
            (0..3).map(|_| watched(&stage.local(&["--json", "--quiet"]))).collect();
        for session in &mut some {
            Link::printed(session);
            session.signal("TERM");
        }
        for session in some {
            session.wait().expect_code(0);
        }
    }
    stage.assert_nothing_left();
}

/// The pids of all processes of a session with the stand-in.
fn processes(session: &Program) -> [u32; 4] {
    let tunnel = child(session.pid(), "chattrace-tunnel");
    let serve = child(session.pid(), "chattrace-serve");
    [session.pid(), serve, tunnel, child(tunnel, "cloudflared")]
}

/// V-30: the ticket is in no command line and no environment.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn the_ticket_is_in_no_command_line_and_no_environment() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.public(&["--json"]));
    let url = event(&mut session, "link")["url"].as_str().unwrap().to_owned();
    let ticket = Link::at(&url, &stage.origin()).ticket;
    for pid in processes(&session) {
        for file in ["cmdline", "environ"] {
            let held = std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
            assert!(file == "environ" || !held.is_empty(), "{pid}");
            assert!(!String::from_utf8_lossy(&held).contains(&ticket), "{pid} {file}");
        }
    }
    session.signal("TERM");
    session.wait().expect_code(0);
}

/// V-31: during a session, and after it was killed, no file holds a message or a name.
#[test]
fn nothing_that_was_said_is_on_the_disk() {
    const SAID: &str = "words that no one else shall read";
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.public(&["--json"]));
    let link = event(&mut session, "link");
    let link = Link::at(link["url"].as_str().unwrap(), &stage.origin());
    let mut ana = Guest::join(&link, "Annabella");
    ana.say(SAID);
    let before = files(&stage);
    kill(child(session.pid(), "chattrace-tunnel"));
    session.signal("KILL");
    session.wait();
    for (path, text) in before.into_iter().chain(files(&stage)) {
        for word in [SAID, "Annabella", link.ticket.as_str()] {
            assert!(!text.contains(word), "{word} is in {}", path.display());
        }
    }
}

/// Every file of the place, with its content.
fn files(stage: &Stage) -> Vec<(PathBuf, String)> {
    let all = stage.env.tree().into_iter().filter(|path| path.is_file());
    // The stand-in's program is large and never written to.
    let all = all.filter(|path| *path != stage.stand_in.path());
    all.map(|path| {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        (path, text)
    })
    .collect()
}
