//! The guard of one session: it waits until the supervisor dies or ends the session. Then it kills
//! every process that carries the session's mark, and removes the runtime folder.
//!
//! It exists for the one end after which no other process can clean up: `kill -9` of the supervisor.
//! The kernel then kills our own services by their death signal; the guard kills what has none, and
//! removes the files. It outlives the supervisor by some milliseconds.

use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::cli::NAME;
use crate::control::{self, FromGuard, ToGuard, VERSION};
use crate::exit::Exit;
use crate::paths::{self, RunDirHandle};
use crate::process::{self, ParentError, SessionProcess};
use crate::terminal::{self, TerminalModes, escape_control};

/// Bound for killing processes that start as fast as they die, or that we may not signal.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between two searches while processes remain: they have no descriptor to wait on.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// How the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionEnd {
    /// The supervisor asked for the cleanup.
    Requested,
    /// The lifeline or the supervisor ended without a request.
    SupervisorDied,
}

/// Guards the session of `run_dir`, whose supervisor is the process `parent`; returns the exit code.
pub(super) fn run(run_dir: &Path, parent: u32) -> Exit {
    // A guard that is started by hand with any other folder removes nothing.
    if let Err(error) = paths::runtime_base_of(run_dir) {
        terminal::print_error(NAME, &format_args!("{}: {error}", run_dir.display()));
        return Exit::Usage;
    }
    // Before the supervisor sets those of its prompt: it may be killed before its message is sent.
    let mut modes = TerminalModes::of_stderr();
    // Opened before the wait: no other folder can take its place unnoticed.
    let handle = RunDirHandle::open(run_dir);
    let end = match process::become_guard(parent) {
        Ok(supervisor) => {
            // An error means that the supervisor is dead, which the wait below notices at once.
            let _ = control::send_blocking(&FromGuard::Hello { version: VERSION.to_owned() });
            wait(supervisor.as_ref(), PollTimeout::NONE, &mut modes)
        }
        // What it sent before it died is there.
        Err(ParentError::Orphaned) => wait(None, PollTimeout::ZERO, &mut modes),
        Err(error) => {
            terminal::print_error(NAME, &error);
            return Exit::Failed;
        }
    };
    // First of all: the shell reads from the terminal as soon as the supervisor is dead.
    if end == SessionEnd::SupervisorDied {
        modes.iter().for_each(TerminalModes::restore_after_kill);
    }
    let mut remaining = kill_all(run_dir.file_name().unwrap_or(OsStr::new("")));
    // While processes remain, the folder stays: by it, the next cleaner finds them.
    if remaining.is_empty() {
        match handle.map(RunDirHandle::remove) {
            Ok(Ok(())) => {}
            Ok(Err(errors)) => remaining.extend(errors.iter().map(ToString::to_string)),
            Err(reason) => remaining.push(format!("{}: {reason}", run_dir.display())),
        }
    }
    if end == SessionEnd::SupervisorDied {
        report(&remaining);
    }
    if remaining.is_empty() { Exit::Ended } else { Exit::Remains }
}

/// Waits for the end of the session, up to `timeout` for each message; `modes` become those that the
/// supervisor tells.
fn wait(
    supervisor: Option<&OwnedFd>,
    timeout: PollTimeout,
    modes: &mut Option<TerminalModes>,
) -> SessionEnd {
    loop {
        match wait_for_message(supervisor, timeout) {
            Some(ToGuard::Modes { modes: told }) => *modes = Some(told),
            Some(ToGuard::Wipe) => return SessionEnd::Requested,
            None => return SessionEnd::SupervisorDied,
        }
    }
}

/// Waits for a message; `None` when none comes in `timeout`, at the end of the lifeline on stdin, and at the
/// end of the supervisor. The last is needed because another process may hold a copy of the supervisor's end
/// of the lifeline, such as a child that was stopped between fork and exec.
fn wait_for_message(supervisor: Option<&OwnedFd>, timeout: PollTimeout) -> Option<ToGuard> {
    let stdin = std::io::stdin();
    let fds = std::iter::once(stdin.as_fd()).chain(supervisor.map(OwnedFd::as_fd));
    let mut fds: Vec<_> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    while poll(&mut fds, timeout) == Err(Errno::EINTR) {}
    let stdin_is_ready = fds.first().and_then(PollFd::any) == Some(true);
    stdin_is_ready.then(control::recv_blocking::<ToGuard>).flatten()
}

/// Kills every process that carries the mark of `session`, and names those that remain. Done when two
/// searches in a row find none: the first can miss a process that is between fork and exec.
fn kill_all(session: &OsStr) -> Vec<String> {
    let deadline = Instant::now() + KILL_TIMEOUT;
    let mut empty_searches = 0;
    while empty_searches < 2 {
        let found = SessionProcess::find_all(session);
        empty_searches = if found.is_empty() { empty_searches + 1 } else { 0 };
        // All are signalled before the first is waited for: together they die faster.
        for process in &found {
            // An error occurs again in the wait below, which records it.
            let _ = process.kill();
        }
        let error = |process: &SessionProcess| {
            let why = process.kill_and_wait().err()?;
            Some(format!("process {}: {why}", process.pid()))
        };
        let remaining: Vec<String> = found.iter().filter_map(error).collect();
        if Instant::now() > deadline {
            return if remaining.is_empty() {
                vec!["processes that start as fast as they are killed".to_owned()]
            } else {
                remaining
            };
        }
        if !remaining.is_empty() {
            // A process that we may not signal may be dying by its own death signal.
            std::thread::sleep(RETRY_INTERVAL);
        }
    }
    Vec::new()
}

/// Writes the result to stderr, since the supervisor is dead. Its terminal may be closed, too.
fn report(remaining: &[String]) {
    if std::io::stderr().is_terminal() {
        // The shell may have written its prompt over the footer already: what stands behind it and below
        // is erased, with the link.
        terminal::erase_below();
        terminal::eprint_line("");
    }
    if remaining.is_empty() {
        terminal::eprint_line("chattrace was killed; its processes are ended, nothing remains");
        return;
    }
    for what in remaining {
        terminal::eprint_line(&format!("chattrace was killed; remains: {}", escape_control(what)));
    }
}
