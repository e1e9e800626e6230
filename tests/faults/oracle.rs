//! Whether anybody survives. Two witnesses, neither of which asks the session: the kernel, which gives
//! every orphan to this process (prctl(2), `PR_SET_CHILD_SUBREAPER`) and tells when there is none
//! left; and the end of the session's output. The first sees every descendant, whatever it has closed
//! or forgotten; the second, anybody else who was given one of the streams.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::Pid;
use rustix::process::Signal;

use crate::plan::Exit;
use crate::proc::{self, Seen};
use crate::session::Session;

/// The slowest end that is right takes seconds; whoever is there after this is a survivor.
const DEADLINE: Duration = Duration::from_secs(20);
/// Killed processes are gone within milliseconds, unless they start others.
const AGAIN: Duration = Duration::from_millis(100);

/// What became of a session's processes.
pub(crate) struct Extinction {
    /// From the fault to the later of the two witnesses; none if somebody survived.
    pub(crate) took: Option<Duration>,
    /// How the program ended; none if it had to be ended.
    pub(crate) exit: Option<Exit>,
    /// Who came to this process because their parents died before them.
    pub(crate) adopted: Vec<String>,
    pub(crate) survivors: Vec<String>,
}

enum Death {
    Of(i32),
    NobodyIsLeft,
}

/// Waits until nobody is left of `session`, counting from `since`. Ends whoever survives.
pub(crate) fn witness(session: &mut Session, since: Instant) -> Extinction {
    let end = Instant::now() + DEADLINE;
    let (deaths, collected) = attend();
    let mut extinction =
        Extinction { took: None, exit: None, adopted: Vec::new(), survivors: Vec::new() };
    let alone = loop {
        match deaths.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Death::Of(pid)) if pid == session.pid() => {
                extinction.exit = Some(Exit::of(session.collect()));
            }
            Ok(Death::Of(pid)) => extinction.adopted.push(bury(pid)),
            Ok(Death::NobodyIsLeft) => break true,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break false,
        }
        let _ = collected.send(());
    };
    if !alone {
        extinction.survivors = alive().iter().map(Seen::describe).collect();
        end_all(session, &deaths, &collected);
        return extinction;
    }
    if session.is_silent_by(end) {
        extinction.took = Some(since.elapsed());
    } else {
        extinction.survivors.push("somebody who is no child of ours holds its stdout".to_owned());
    }
    extinction
}

/// Leaves an orphan behind and looks whether it is seen: a blind witness would praise every session.
///
/// # Errors
/// When it is not.
pub(crate) fn prove() -> std::io::Result<()> {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "setsid sleep 3600 &"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    let seen = !alive().is_empty();
    sweep();
    if seen && alive().is_empty() {
        Ok(())
    } else {
        Err(std::io::Error::other(
            "an orphan was not seen, or not ended: no verdict is worth anything",
        ))
    }
}

/// Ends and collects every descendant of this process, which has no others than a session's.
pub(crate) fn sweep() {
    let end = Instant::now() + DEADLINE;
    // One that cannot be killed hangs in the kernel, and nothing here can help.
    while Instant::now() < end {
        end_once();
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return,
            Ok(nix::sys::wait::WaitStatus::StillAlive) => std::thread::sleep(AGAIN),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Tells each death from a thread, which waits until it was collected: the supervisor must be
/// collected by whoever started it.
fn attend() -> (Receiver<Death>, SyncSender<()>) {
    let (sender, deaths) = channel();
    let (collected, go_on) = sync_channel(1);
    std::thread::spawn(move || {
        loop {
            let seen = waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
            let death = match seen.map(|status| status.pid()) {
                Ok(Some(pid)) => Death::Of(pid.as_raw()),
                Ok(None) | Err(Errno::EINTR) => continue,
                // ECHILD, the only error that a correct call has.
                Err(_) => {
                    let _ = sender.send(Death::NobodyIsLeft);
                    return;
                }
            };
            if sender.send(death).is_err() || go_on.recv().is_err() {
                return;
            }
        }
    });
    (deaths, collected)
}

/// Collects an orphan and gives its name, which it keeps until then.
fn bury(pid: i32) -> String {
    let name = Seen::look(pid).map_or_else(|| "?".to_owned(), |seen| seen.comm);
    let _ = waitpid(Pid::from_raw(pid), None);
    name
}

fn alive() -> Vec<Seen> {
    let own = Pid::this().as_raw();
    proc::descendants(own).into_iter().filter(|seen| !seen.has_ended()).collect()
}

fn end_once() {
    for seen in alive() {
        if let Some(handle) = seen.hold() {
            proc::send(&handle, Signal::KILL);
        }
    }
}

fn end_all(session: &mut Session, deaths: &Receiver<Death>, collected: &SyncSender<()>) {
    let end = Instant::now() + DEADLINE;
    while Instant::now() < end {
        end_once();
        match deaths.recv_timeout(AGAIN) {
            Ok(Death::Of(pid)) if pid == session.pid() => drop(session.collect()),
            Ok(Death::Of(pid)) => drop(bury(pid)),
            Ok(Death::NobodyIsLeft) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => continue,
        }
        let _ = collected.send(());
    }
}
