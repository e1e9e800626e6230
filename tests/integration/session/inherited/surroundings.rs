//! Streams, folders, names, variables and processes that a launcher leaves.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use super::{assert_whole_session, launched, status};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Program, SERVE, in_shell, under};
use crate::session::ends::child;
use crate::session::stage::{Stage, event, watched};

#[test]
fn attributes_and_folders_of_the_launcher_disturb_no_session() {
    let stage = Stage::new(HAPPY);
    for settings in [
        &["subreaper"][..],
        &["no-new-privs"],
        &["parent-death=KILL"],
        &["parent-death=TERM"],
        &["zombie"],
        &["child"],
        &["zombie", "child", "subreaper", "ignore=CHLD"],
        &["cwd=removed"],
        &["arg0="],
        &["arg0=-sh"],
        &["arg0=/nowhere/chattrace", "ignore=HUP"],
    ] {
        assert_whole_session(&stage, settings, &stage.public(&["--json"]));
    }
}

/// The end of a session neither waits for a process that it did not start, nor signals it.
#[test]
fn a_child_of_the_launcher_outlives_the_session() {
    let stage = Stage::new(HAPPY);
    let pipe = stage.env.root().join("bin/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let setting = format!("child={}", pipe.display());
    for settings in [&[&*setting][..], &[&setting, "ignore=CHLD", "block=all", "zombie"]] {
        let mut session = watched(&launched(settings, &stage.public(&["--json"])));
        event(&mut session, "link");
        let left = child(session.pid(), "launcher");
        session.signal("TERM");
        session.wait_exit();
        assert!(status(left, "State").starts_with('S'), "{settings:?}");
        // The child opens the other end, reads to the end of file, and exits.
        drop(std::fs::File::options().write(true).open(&pipe).unwrap());
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("nothing remains"), "{settings:?}: {ended:#?}");
        stage.assert_nothing_left();
    }
}

/// All seven combinations.
#[test]
fn closed_streams_end_a_session_or_leave_it_whole() {
    let stage = Stage::new(HAPPY);
    for streams in ["0", "1", "2", "0,1", "0,2", "1,2", "0,1,2"] {
        let close = format!("close={streams}");
        let mut session = watched(&launched(&[&close], &stage.local(&["--json"])));
        // With stdout closed the link goes nowhere; the runtime folder shows that it runs.
        if streams.contains('1') {
            let end = std::time::Instant::now() + crate::harness::DEADLINE;
            while stage.run_dirs().iter().all(|dir| !dir.join("control.sock").exists()) {
                assert!(std::time::Instant::now() < end, "{streams}");
                std::thread::yield_now();
            }
        } else {
            event(&mut session, "link");
        }
        session.signal("TERM");
        let ended = session.wait();
        assert_eq!(ended.status.code(), Some(0), "{streams}: {ended:#?}");
        stage.assert_nothing_left();
    }
}

/// A writer that shares the pipe has made it non-blocking; its reader is slow.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_pipe_that_does_not_block_loses_nothing() {
    let stage = Stage::new(HAPPY);
    let mut room = stage.env.command(SERVE);
    room.arg("--json");
    let mut room = Program::start(launched(&["nonblocking"], &room));
    room.stdout_line_with("\"ready\"");
    let flags = std::fs::read_to_string(format!("/proc/{}/fdinfo/1", room.pid())).unwrap();
    let flags = flags.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    let flags = i32::from_str_radix(flags.trim(), 8).unwrap();
    assert_eq!(flags & nix::libc::O_NONBLOCK, 0);
    room.signal("TERM");
    room.wait().expect_code(0);
}

/// Variables that mean something to a program or a library, with values that they cannot have.
#[test]
fn no_value_of_a_variable_disturbs_a_session() {
    let stage = Stage::new(HAPPY);
    let bytes = || OsString::from_vec(vec![0xff, 0xfe, b'=', 0x1b]);
    let long = || OsString::from("x/".repeat(40_000));
    let names = [
        "HOME",
        "TMPDIR",
        "PATH",
        "TERM",
        "LANG",
        "LC_ALL",
        "TZ",
        "TZDIR",
        "COLUMNS",
        "LINES",
        "NO_COLOR",
        "RUST_BACKTRACE",
        "RUST_LOG",
        "RUST_MIN_STACK",
        "TOKIO_WORKER_THREADS",
        "XDG_RUNTIME_DIR",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "SHELL",
        "USER",
        "LISTEN_FDS",
        "LISTEN_PID",
        "NOTIFY_SOCKET",
        "MALLOC_PERTURB_",
        "MALLOC_ARENA_MAX",
        "SSL_CERT_FILE",
        "CHATTRACE_SESSION",
        "CHATTRACE_LIFELINE",
        "CHATTRACE_GUARD",
        "http_proxy",
    ];
    for names in names.chunks(8) {
        for value in [OsString::new(), bytes(), long(), "../../..".into(), "/dev/zero".into()] {
            let setting = |name: &&str| {
                let mut setting = OsString::from(format!("env={name}="));
                setting.push(&value);
                setting
            };
            let settings: Vec<OsString> = names.iter().map(setting).collect();
            assert_whole_session(&stage, &settings, &stage.local(&["--json"]));
        }
    }
}

#[test]
fn a_size_of_stacks_that_no_thread_can_have_disturbs_nothing() {
    let stage = Stage::new(HAPPY);
    for value in ["0", "1", "18446744073709551615", "9223372036854775807", "1099511627776000"] {
        let setting = format!("env=RUST_MIN_STACK={value}");
        assert_whole_session(&stage, &[setting], &stage.public(&["--json"]));
    }
}

#[test]
fn without_any_variable_a_session_works() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&["--json"]);
    for name in ["PATH", "HOME", "XDG_RUNTIME_DIR", "TERM", "LANG"] {
        command.env_remove(name);
    }
    assert_whole_session(&stage, &["subreaper"], &command);
}

/// A session whose mark a later one has in its environment ends without it.
#[test]
fn the_mark_of_another_session_is_not_kept() {
    let stage = Stage::new(HAPPY);
    let mut other = watched(&stage.local(&["--json"]));
    event(&mut other, "link");
    let name = stage.run_dirs()[0].file_name().unwrap().to_owned();
    // By the launcher: the witness over it would be killed for the mark, too.
    let mut mark = OsString::from("env=CHATTRACE_SESSION=");
    mark.push(name);
    let marked = |command: Command| watched(&launched(&[&mark], &command));
    let mut session = marked(stage.local(&["--json"]));
    event(&mut session, "link");
    let mut alone = stage.env.command(SERVE);
    alone.arg("--json");
    let mut room = marked(alone);
    room.stdout_line_with("\"ready\"");
    other.signal("TERM");
    other.wait().expect_code(0);
    session.signal("TERM");
    session.wait().expect_code(0);
    room.signal("TERM");
    room.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// `nohup` asks that a closed terminal ends nothing; a room that goes on unattended is what chattrace
/// exists to prevent.
#[test]
fn nohup_and_background_jobs_do_not_outlive_the_hangup() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&under(Command::new("nohup"), &stage.local(&["--json"])));
    event(&mut session, "link");
    session.signal("HUP");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    // sh ignores INT and QUIT in its background jobs (POSIX, "Signals and Error Handling").
    let script = "\"$0\" \"$@\" & pid=$!; read go; kill -INT $pid; wait $pid";
    let mut shell = watched(&in_shell(&stage.local(&["--json"]), script));
    event(&mut shell, "link");
    shell.write("\n");
    let ended = shell.wait().expect_code(0);
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    stage.assert_nothing_left();
}
