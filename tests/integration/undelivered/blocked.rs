//! Non-blocking streams. Node.js, ssh and others set `O_NONBLOCK` on a pipe or a terminal, and with it
//! on every process that shares it. A write that would block has not failed.

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, CLEAN, DEADLINE, SERVE, TUNNEL, TestEnv, signal};
use crate::session::stage::Stage;
use crate::tunnel::command::{ORIGIN, tunnel};

/// The length of the lines with which a pipe is filled.
const FILLER: &[u8] = &[b'\n'; 512];

/// A pipe that is full, and whose writing end does not block.
fn full_pipe() -> (PipeReader, PipeWriter, usize) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let mut filled = 0;
    while let Ok(written) = writer.write(FILLER) {
        filled += written;
    }
    (reader, writer, filled)
}

/// Waits until the main thread of `child` sleeps in the kernel for a stream, or has exited. There is
/// no line and no frame to wait for: all that it does is not to write.
fn wait_until_blocked(child: &mut Child) {
    let deadline = Instant::now() + DEADLINE;
    let file = format!("/proc/{}/wchan", child.id());
    while child.try_wait().unwrap().is_none() {
        let place = std::fs::read_to_string(&file).unwrap_or_default();
        // In write(2) itself where the program has made the stream blocking.
        if place.contains("poll") || place.contains("pipe_write") {
            return;
        }
        assert!(Instant::now() < deadline, "not blocked: {place}");
        std::thread::yield_now();
    }
}

/// Starts `command` with a full pipe as standard output, and reads all of it once it is blocked.
fn drained_late(mut command: Command) -> (Child, String) {
    let (mut reader, writer, filled) = full_pipe();
    command.stdout(writer).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It owns a copy of the writing end.
    drop(command);
    wait_until_blocked(&mut child);
    let mut all = String::new();
    reader.read_to_string(&mut all).unwrap();
    (child, all.split_off(filled))
}

#[test]
fn a_result_waits_for_a_full_pipe_that_does_not_block() {
    let env = TestEnv::new();
    for program in [CHATTRACE, SERVE, TUNNEL, CLEAN] {
        let mut command = env.command(program);
        let expected = command.arg("--help").output().unwrap().stdout;
        let (mut child, result) = drained_late(command);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{program}");
        assert_eq!(result, String::from_utf8(expected).unwrap(), "{program}");
    }
}

/// The probes of the confined room are printed from within it.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_confined_room_waits_too() {
    let env = TestEnv::new();
    let mut command = env.command(SERVE);
    command.arg("--self-test");
    let (mut child, result) = drained_late(command);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{result}");
    assert!(result.lines().count() > 3 && !result.contains("possible"), "{result}");
}

/// The origin comes later than the first read, and the end of the input later still.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_tunnel_waits_for_an_input_that_does_not_block() {
    let stage = Stage::new(HAPPY);
    let (stdin, mut origin) = std::io::pipe().unwrap();
    fcntl(&stdin, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let mut command = tunnel(&stage.env, &stage.stand_in, &["-"]);
    let mut child =
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    wait_until_blocked(&mut child);
    writeln!(origin, "{ORIGIN}").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let link = lines.next().expect("no link").unwrap();
    assert!(link.starts_with("https://"), "{link}");
    drop(origin);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    stage.assert_nothing_left();
}

#[test]
fn a_session_waits_for_both_streams() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&["--json"]);
    let (stdout, writer, _) = full_pipe();
    let (stderr, screen, _) = full_pipe();
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(screen).spawn().unwrap();
    drop(command);
    // The stdout of the session is read only after its screen.
    let mut lines = BufReader::new(stderr).lines();
    let mut screen = lines.by_ref().map(Result::unwrap);
    assert!(screen.any(|line| line.contains("http://127.0.0.1:")), "no link on the screen");
    assert!(screen.any(|line| line.contains("Ctrl+C ends the session")));
    let mut events = BufReader::new(stdout).lines().map(Result::unwrap);
    assert!(events.any(|line| line.contains("\"event\":\"link\"")), "no link in the events");
    signal("TERM", child.id());
    assert!(events.any(|line| line.contains("\"event\":\"closed\"")), "no last event");
    assert!(screen.any(|line| line.contains("nothing remains")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    stage.assert_nothing_left();
}
