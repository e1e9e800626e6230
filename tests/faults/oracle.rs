//! The test oracle: does any process survive? Two independent witnesses, neither of which asks the
//! session. The first is the kernel: it makes this process the parent of every orphan (prctl(2),
//! `PR_SET_CHILD_SUBREAPER`), and waitid(2) reports when no child is left. That covers every
//! descendant, with or without open descriptors. The second is EOF on the session's output, which
//! covers any other process that inherited a stream.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::Pid;
use rustix::process::Signal;

use crate::plan::Exit;
use crate::proc::{self, ProcessStat};
use crate::session::Session;

/// The slowest correct shutdown takes seconds; a process that runs after this is a survivor.
const EXIT_TIMEOUT: Duration = Duration::from_secs(20);
/// Survivors are searched for again after each exit, and after this: one may have forked, or called
/// exec, between the search and the signal.
const RESCAN_INTERVAL: Duration = Duration::from_millis(100);

/// How the processes of a session came to their end.
pub(crate) struct Teardown {
    /// From the fault to the later one of both witnesses; `None` if a process survived.
    pub(crate) took: Option<Duration>,
    /// How the supervisor exited; `None` if it had to be killed here.
    pub(crate) exit: Option<Exit>,
    /// Orphans that this process adopted and reaped.
    pub(crate) adopted: Vec<String>,
    pub(crate) survivors: Vec<String>,
}

enum ChildExit {
    Of(i32),
    NoChildLeft,
}

/// Reports each exit from a thread, before the process is reaped: the supervisor must be reaped by
/// the object that started it.
struct ExitWatcher {
    exits: Receiver<ChildExit>,
    reaped: SyncSender<()>,
}

/// Waits until no process of `session` is left, counting from `since`. Kills survivors.
pub(crate) fn watch_exit(session: &mut Session, since: Instant) -> Teardown {
    let deadline = Instant::now() + EXIT_TIMEOUT;
    let watcher = ExitWatcher::start();
    let mut teardown =
        Teardown { took: None, exit: None, adopted: Vec::new(), survivors: Vec::new() };
    let all_exited = loop {
        match watcher.exits.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(ChildExit::Of(pid)) if pid == session.pid() => {
                teardown.exit = Some(session.reap().into());
            }
            Ok(ChildExit::Of(pid)) => teardown.adopted.push(reap(pid)),
            Ok(ChildExit::NoChildLeft) => break true,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break false,
        }
        let _ = watcher.reaped.send(());
    };
    if !all_exited {
        teardown.survivors = survivors().iter().map(ProcessStat::describe).collect();
        kill_until_none_left(&watcher, Some(session));
        return teardown;
    }
    if session.reaches_eof_by(deadline) {
        teardown.took = Some(since.elapsed());
    } else {
        let survivor = "a process that is no descendant of this one holds its stdout";
        teardown.survivors.push(survivor.to_owned());
    }
    teardown
}

/// Leaves an orphan behind and checks that it is found and killed: a blind oracle would pass every
/// session.
///
/// # Errors
/// When it is not.
pub(crate) fn self_test() -> std::io::Result<()> {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "setsid sleep 3600 &"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    let found = !survivors().is_empty();
    kill_all();
    if found && survivors().is_empty() {
        Ok(())
    } else {
        Err(std::io::Error::other("the oracle did not find or did not kill an orphan"))
    }
}

/// Kills and reaps every descendant of this process, which has none but those of its current
/// session.
pub(crate) fn kill_all() {
    kill_until_none_left(&ExitWatcher::start(), None);
}

/// Gives up after a timeout: a process that hangs in the kernel cannot be killed.
fn kill_until_none_left(watcher: &ExitWatcher, mut session: Option<&mut Session>) {
    let deadline = Instant::now() + EXIT_TIMEOUT;
    while Instant::now() < deadline {
        for survivor in survivors() {
            if let Some(pidfd) = survivor.pidfd() {
                proc::send_signal(&pidfd, Signal::KILL);
            }
        }
        match watcher.exits.recv_timeout(RESCAN_INTERVAL) {
            Ok(ChildExit::Of(pid)) => match &mut session {
                Some(session) if session.pid() == pid => drop(session.reap()),
                _ => drop(reap(pid)),
            },
            Ok(ChildExit::NoChildLeft) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => continue,
        }
        let _ = watcher.reaped.send(());
    }
}

impl ExitWatcher {
    fn start() -> Self {
        let (sender, exits) = channel();
        let (reaped, is_reaped) = sync_channel(1);
        std::thread::spawn(move || {
            loop {
                let status = waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
                let exit = match status.map(|status| status.pid()) {
                    Ok(Some(pid)) => ChildExit::Of(pid.as_raw()),
                    Ok(None) | Err(Errno::EINTR) => continue,
                    // ECHILD, the only other error of a correct call.
                    Err(_) => {
                        let _ = sender.send(ChildExit::NoChildLeft);
                        return;
                    }
                };
                if sender.send(exit).is_err() || is_reaped.recv().is_err() {
                    return;
                }
            }
        });
        Self { exits, reaped }
    }
}

/// Reaps an orphan and returns its name, which it has until then.
fn reap(pid: i32) -> String {
    let name = ProcessStat::read(pid).map_or_else(|| "?".to_owned(), |stat| stat.comm);
    let _ = waitpid(Pid::from_raw(pid), None);
    name
}

fn survivors() -> Vec<ProcessStat> {
    let own = Pid::this().as_raw();
    proc::descendants(own).into_iter().filter(|stat| !stat.has_exited()).collect()
}
