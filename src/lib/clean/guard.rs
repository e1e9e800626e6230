//! The guard of one session: it does nothing until the supervisor is dead or says that the session
//! is over. Then it ends whatever still carries the session's mark, and wipes the runtime folder.
//!
//! It is there for the one death that nobody else can clean up after, `kill -9` of the supervisor.
//! The kernel ends our own services then, by their death signal; the guard ends what has none, and
//! removes what lies on the file system. It outlives the supervisor by some milliseconds.

use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::NAME;
use crate::control::{self, FromGuard, ToGuard, VERSION};
use crate::exit::Exit;
use crate::paths::{self, RunFolder};
use crate::process::{self, ParentError, SessionProcess};
use crate::terminal::{self, escape_control};

/// For processes that appear as fast as they are ended, which nothing of ours does, and for those that
/// die by themselves on a kernel where we must not signal them.
const SWEEP: Duration = Duration::from_secs(2);
/// Between two looks at those; on such a kernel there is no descriptor to wait on.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How the session came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    /// The supervisor said so.
    Said,
    /// It died without a word.
    Unsaid,
}

/// Watches over the session of `run_dir`, whose supervisor is the process `parent`.
pub(super) fn run(run_dir: &Path, parent: u32) -> Exit {
    // Whoever starts this by hand: nothing else is ever ended or removed.
    if let Err(error) = paths::base_of(run_dir) {
        terminal::print_error(NAME, &format_args!("{}: {error}", run_dir.display()));
        return Exit::Usage;
    }
    // Held from now on: no other folder can take its place unnoticed.
    let folder = RunFolder::open(run_dir);
    let farewell = match process::become_guard(parent) {
        Ok(supervisor) => {
            // Nobody listens any more: that is noticed again a line later.
            let _ = control::send_blocking(&FromGuard::Hello { version: VERSION.to_owned() });
            farewell(supervisor.as_ref())
        }
        Err(ParentError::Orphaned) => Farewell::Unsaid,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return Exit::Failed;
        }
    };
    let mut remains = sweep(run_dir.file_name().unwrap_or(OsStr::new("")));
    // By its folder the next one to clean knows whom to look for.
    if remains.is_empty() {
        match folder.map(RunFolder::remove) {
            Ok(Ok(())) => {}
            Ok(Err(kept)) => remains.extend(kept.iter().map(ToString::to_string)),
            Err(why) => remains.push(format!("{}: {why}", run_dir.display())),
        }
    }
    if farewell == Farewell::Unsaid {
        tell(&remains);
    }
    if remains.is_empty() { Exit::Ended } else { Exit::Remains }
}

/// Waits for the end of the lifeline or of the supervisor itself: somebody else may hold a copy of
/// its end of the lifeline, such as a child that was stopped before it had become its program.
fn farewell(supervisor: Option<&OwnedFd>) -> Farewell {
    let stdin = std::io::stdin();
    let ends = std::iter::once(stdin.as_fd()).chain(supervisor.map(OwnedFd::as_fd));
    let mut ends: Vec<_> = ends.map(|end| PollFd::new(end, PollFlags::POLLIN)).collect();
    while poll(&mut ends, PollTimeout::NONE) == Err(Errno::EINTR) {}
    let spoken = ends.first().and_then(PollFd::any) == Some(true);
    match spoken.then(control::recv_blocking::<ToGuard>).flatten() {
        Some(ToGuard::Wipe) => Farewell::Said,
        None => Farewell::Unsaid,
    }
}

/// Ends everybody who carries the mark of `session`, and names whoever does not end. Over when
/// nobody was found twice: one who was just being born is found the second time.
fn sweep(session: &OsStr) -> Vec<String> {
    let end = Instant::now() + SWEEP;
    let mut alone = 0;
    while alone < 2 {
        let found = SessionProcess::find_all(session);
        alone = if found.is_empty() { alone + 1 } else { 0 };
        // All of them first: together they die faster than one after the other.
        for process in &found {
            // Said below, if it stays.
            let _ = process.kill();
        }
        let named = |process: &SessionProcess| {
            let why = process.kill_and_wait().err()?;
            Some(format!("process {}: {why}", process.pid()))
        };
        let remains: Vec<String> = found.iter().filter_map(named).collect();
        if Instant::now() > end {
            return if remains.is_empty() {
                vec!["processes that multiply".to_owned()]
            } else {
                remains
            };
        }
        if !remains.is_empty() {
            // Whom we may not touch may be dying of its own tie.
            std::thread::sleep(LOOK_AGAIN);
        }
    }
    Vec::new()
}

/// The last word on the screen, since the supervisor can say none. Its terminal may be gone, too.
fn tell(remains: &[String]) {
    if std::io::stderr().is_terminal() {
        // The shell may have written its prompt already.
        terminal::eprint_line("");
    }
    if remains.is_empty() {
        terminal::eprint_line(
            "chattrace was killed; whatever it had started is ended, nothing remains",
        );
        return;
    }
    for thing in remains {
        terminal::eprint_line(&format!("chattrace was killed; remains: {}", escape_control(thing)));
    }
}
