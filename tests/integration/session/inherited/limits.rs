//! Limits that a launcher has set (getrlimit(2)): each gives a whole session, or a sentence and a
//! documented code.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use super::{Place, assert_whole_session, launched, status};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, Output, Program, SERVE, Stream};
use crate::session::ends::child;
use crate::session::stage::{Stage, event, watched};
use crate::tunnel::command::{ORIGIN, tunnel};

/// Runs `command` and ends it by TERM once a line of its output contains `ready`.
fn run_until(ready: &str, command: &Command) -> Output {
    let mut program = watched(command);
    // EOF comes first when it refuses.
    if program.line_or_eof(Stream::Stdout, |line| line.contains(ready)).is_some() {
        program.signal("TERM");
    }
    program.wait()
}

/// Below this number of descriptors, the loader finds no library.
const FEWEST: u32 = 5;

#[test]
fn with_few_descriptors_each_program_works_or_says_how_many_it_needs() {
    let stage = Stage::new(HAPPY);
    let mut room = stage.env.command(SERVE);
    room.arg("--json");
    let mut clean = stage.env.command(CLEAN);
    clean.args(["--stale", "--yes"]);
    let tunnel = tunnel(&stage.env, &stage.stand_in, &[ORIGIN]);
    let session = stage.public(&["--json"]);
    let all = [(session, "\"link\""), (room, "\"ready\""), (tunnel, "https://"), (clean, "-")];
    let before = stage.env.tree_but_bin();
    for (command, ready) in &all {
        for number in (FEWEST..24).chain([31, 40, 63, 64]) {
            let setting = format!("limit=NOFILE:{number}");
            let ended = run_until(ready, &launched(&[setting], command));
            let what = format!("{number}: {ended:#?}");
            match ended.status.code() {
                Some(0) => assert_eq!(number, 64, "{what}"),
                Some(69) => {
                    let sentence = format!("only {number} open files are allowed here");
                    assert!(ended.stderr.contains(&sentence) && number < 64, "{what}");
                    assert_eq!(ended.stderr.lines().count(), 1, "{what}");
                }
                _ => panic!("{what}"),
            }
            assert_eq!(stage.env.tree_but_bin(), before, "{what}");
        }
    }
}

#[test]
fn a_soft_limit_is_raised_to_the_hard_one() {
    let stage = Stage::new(HAPPY);
    for settings in [["soft=NOFILE:6"], ["soft=STACK:131072"], ["soft=DATA:6000000"]] {
        assert_whole_session(&stage, &settings, &stage.public(&["--json"]));
    }
}

#[test]
fn limits_that_only_slow_a_session_down_end_none() {
    let stage = Stage::new(HAPPY);
    for settings in [
        &["limit=FSIZE:0"][..],
        &["limit=MEMLOCK:0"],
        &["limit=CORE:0"],
        &["limit=SIGPENDING:0"],
        &["limit=CORE:0", "limit=MEMLOCK:0", "limit=FSIZE:0", "limit=SIGPENDING:0"],
        &["limit=STACK:1048576"],
        &["soft=CORE:0"],
    ] {
        assert_whole_session(&stage, settings, &stage.public(&["--json"]));
    }
}

/// Below the least values the kernel or the loader ends a program before its first line.
#[test]
fn with_little_memory_each_program_works_or_says_how_much_it_needs() {
    let stage = Stage::new(HAPPY);
    let mut room = stage.env.command(SERVE);
    room.arg("--json");
    let mut clean = stage.env.command(CLEAN);
    clean.args(["--stale", "--yes"]);
    let session = stage.local(&["--json"]);
    let all = [(session, "\"link\""), (room, "\"ready\""), (clean, "-")];
    let kib = |number: u64| number * 1024;
    let limits = [
        ("DATA", kib(32 * 1024), [kib(1024), kib(2048), kib(4096), kib(16 * 1024)]),
        ("AS", kib(64 * 1024), [kib(24 * 1024), kib(32 * 1024), kib(48 * 1024), kib(60 * 1024)]),
        ("STACK", kib(1024), [kib(132), kib(256), kib(512), kib(1000)]),
    ];
    for (name, enough, too_low) in limits {
        for (command, ready) in &all {
            for value in too_low {
                let ended =
                    run_until(ready, &launched(&[format!("limit={name}:{value}")], command));
                let what = format!("{name} {value}: {ended:#?}");
                assert_eq!(ended.status.code(), Some(69), "{what}");
                assert!(ended.stderr.contains("raise the limit with \"ulimit -"), "{what}");
            }
            let ended = run_until(ready, &launched(&[format!("limit={name}:{enough}")], command));
            assert_eq!(ended.status.code(), Some(0), "{name} {enough}: {ended:#?}");
        }
    }
    stage.assert_nothing_left();
}

/// Root has no limit on processes; of another user, threads count as well.
#[test]
fn with_few_processes_a_session_works_or_says_so_and_leaves_nothing() {
    let place = Place::new();
    if place.user.is_empty() {
        // The limit counts all processes of the user who runs the tests.
        return;
    }
    for number in (0..12).chain([64]) {
        let limit = format!("limit=NPROC:{number}");
        let command = place.command("chattrace", &[&limit], &["--tunnel", "none", "--json"]);
        let ended = run_until("\"link\"", &command);
        let what = format!("{number}: {ended:#?}");
        assert!([Some(0), Some(69), Some(70)].contains(&ended.status.code()), "{what}");
        assert!(number < 64 || ended.status.code() == Some(0), "{what}");
        assert!(!ended.stderr.contains("internal error"), "{what}");
        assert!(ended.status.code() == Some(0) || ended.stderr.contains("chattrace: "), "{what}");
    }
}

/// Administrators forbid core dumps to all users by a hard limit, which only root may raise.
#[test]
fn where_core_dumps_are_forbidden_already_memory_is_closed_to_other_programs_too() {
    let place = Place::new();
    for limit in ["limit=CORE:0", "limit=CORE:1", "soft=CORE:0"] {
        let command =
            place.command("chattrace", &[limit], &["--tunnel", "none", "--json", "--verbose"]);
        let mut session = watched(&command);
        event(&mut session, "link");
        for pid in [session.pid(), child(session.pid(), "chattrace-serve")] {
            // The files of a process that is not dumpable belong to root (proc(5)).
            let owner = std::fs::metadata(format!("/proc/{pid}/mem")).unwrap().uid();
            assert_eq!(owner, 0, "{limit} {}", status(pid, "Name"));
        }
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("✓ core dumps       off"), "{limit}: {ended:#?}");
    }
}

/// The soft limit on processor time is a request to end, the hard one is the end.
#[test]
fn a_soft_limit_on_processor_time_ends_the_session_in_order() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&launched(&["soft=CPU:600"], &stage.public(&["--json"])));
    event(&mut session, "link");
    session.signal("XCPU");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// The signal of the kernel would kill it in the middle of the save. What is said of the file is in
/// `question.rs`.
#[test]
fn a_limit_on_the_size_of_files_fails_the_save_and_not_the_session() {
    let stage = Stage::new(HAPPY);
    for settings in [&["limit=FSIZE:0"][..], &["limit=FSIZE:0", "block=all"], &["limit=FSIZE:20"]] {
        let command = stage.local(&["--json", "--logs", "save"]);
        let mut session = watched(&launched(settings, &command));
        event(&mut session, "link");
        session.signal("TERM");
        let ended = session.wait();
        assert!(ended.status.code().is_some(), "{settings:?}: {ended:#?}");
        assert!(ended.stderr.contains("could not be saved"), "{settings:?}: {ended:#?}");
        assert!(ended.stdout.contains("\"closed\""), "{settings:?}: {ended:#?}");
        for log in std::fs::read_dir(stage.env.work()).unwrap() {
            std::fs::remove_file(log.unwrap().path()).unwrap();
        }
    }
}

/// Standard output is a file that may not grow.
#[test]
fn a_limit_on_the_size_of_files_does_not_kill_a_program_that_prints() {
    let stage = Stage::new(HAPPY);
    for arguments in ["--help", "--version", "--explain-limits"] {
        let mut command = stage.env.command("sh");
        command.args(["-c", "exec \"$0\" \"$@\" >out"]);
        let launcher = launched(&["limit=FSIZE:0"], &stage.env.command(SERVE));
        command.arg(launcher.get_program()).args(launcher.get_args()).arg(arguments);
        let ended = Program::run(command);
        assert!(ended.status.code().is_some(), "{arguments}: {ended:#?}");
    }
}
