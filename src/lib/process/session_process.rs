//! Processes of a session. They are found by the mark in their environment and by nothing else, and
//! signalled through a pidfd, which cannot hit another process that got the same pid.
//!
//! A process that is not dumpable (`PR_SET_DUMPABLE`), like our own services, hides its environment
//! from all users but root and is not found here. The kernel kills those with their parent.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::{Pid, Uid};

use super::confine::is_dynamic_user;
use super::pidfd;
use crate::paths::{self, Owner};

/// SIGKILL takes milliseconds, unless the process hangs in a system call.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Arguments and environment of a process have at most 6 MiB together (execve(2)).
const MAX_ENVIRON_BYTES: u64 = 8 * 1024 * 1024;

/// Why a process could not be killed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KillError {
    /// It was killed and has not exited within [`KILL_TIMEOUT`].
    #[error("it does not end; its kernel call hangs, try again later")]
    Timeout,
    /// There are no pidfds, or none that takes a signal, so the pid may be another process's by now.
    #[error(
        "it cannot be signalled without mistaking another for it, because the system refuses pidfds (a \
         kernel before 5.3, or a container's seccomp profile); end it yourself"
    )]
    NoPidfd,
    /// The kernel does not permit the signal.
    #[error(transparent)]
    Refused(#[from] Errno),
}

/// A process that carried the mark of a session when it was found.
#[derive(Debug)]
pub(crate) struct SessionProcess {
    pid: Pid,
    /// `None` without pidfds.
    pidfd: Option<OwnedFd>,
}

impl SessionProcess {
    /// Every process that carries the mark of `session`, by pid, except this one and its ancestors.
    /// Only processes of this user count, and for root those of the numbers that its cloudflared gets.
    pub(crate) fn find_all(session: &OsStr) -> Vec<Self> {
        let mark = [paths::SESSION_MARK.as_bytes(), b"=", session.as_bytes()].concat();
        let ours = ancestors();
        let mut found: Vec<Self> = pids()
            .filter(|pid| has_mark(*pid, &mark) && !ours.contains(pid))
            .filter_map(|pid| Self::open(pid, &mark))
            .collect();
        found.sort_by_key(|process| process.pid);
        found
    }

    /// Checks the mark after the open: the pidfd is the marked process's even if the pid was reused.
    fn open(pid: Pid, mark: &[u8]) -> Option<Self> {
        let pidfd = pidfd::open(pid).ok()?;
        has_mark(pid, mark).then_some(Self { pid, pidfd })
    }

    /// Its pid, to show. It may be another process's by now: only the pidfd is signalled.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Its folder in `/proc`, which another process may have by now.
    pub(crate) fn path(&self) -> PathBuf {
        proc_dir(self.pid)
    }

    /// Kills it and waits until it is dead, reaped or not. One that is dead already is no error.
    ///
    /// # Errors
    /// When it may not be killed, or is not dead after five seconds.
    pub(crate) fn kill_and_wait(&self) -> Result<(), KillError> {
        self.kill()?;
        let pidfd = self.pidfd.as_ref().ok_or(KillError::NoPidfd)?;
        if pidfd::exits_within(pidfd, KILL_TIMEOUT) { Ok(()) } else { Err(KillError::Timeout) }
    }

    /// Kills it and does not wait.
    ///
    /// # Errors
    /// When it may not be killed.
    pub(crate) fn kill(&self) -> Result<(), KillError> {
        let by_pidfd = self.pidfd.as_ref().map(pidfd::kill);
        if let Some(Ok(()) | Err(Errno::ESRCH)) = by_pidfd {
            return Ok(());
        }
        // A child of ours keeps its pid until we reap it.
        if parent_of(self.pid) == Some(Pid::this()) {
            return match nix::sys::signal::kill(self.pid, nix::sys::signal::SIGKILL) {
                Ok(()) | Err(Errno::ESRCH) => Ok(()),
                Err(refused) => Err(refused.into()),
            };
        }
        match by_pidfd {
            Some(Err(refused)) if pidfd::can_signal() => Err(refused.into()),
            Some(_) | None => Err(KillError::NoPidfd),
        }
    }
}

/// Whether the process has the mark in its environment, belongs to this user or to a number that root's
/// cloudflared gets, and has not exited: a zombie has no environment.
fn has_mark(pid: Pid, mark: &[u8]) -> bool {
    let own = fs::metadata(proc_dir(pid)).is_ok_and(|metadata| {
        metadata.uid() == Uid::current().as_raw() || is_dynamic_user(metadata.uid())
    });
    let environment = || {
        let file = proc_dir(pid).join("environ");
        paths::read_file(&file, Owner::Anyone, MAX_ENVIRON_BYTES).unwrap_or_default()
    };
    own && environment().split(|byte| *byte == 0).any(|entry| entry == mark)
}

/// The children of this process, exited ones included, in no order.
pub(super) fn child_pids() -> Vec<Pid> {
    pids().filter(|pid| parent_of(*pid) == Some(Pid::this())).collect()
}

/// The pid of every process in `/proc`; none when `/proc` cannot be read.
fn pids() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).map(Pid::from_raw)
}

/// This process, its parent, and so on.
fn ancestors() -> Vec<Pid> {
    std::iter::successors(Some(Pid::this()), |pid| parent_of(*pid)).collect()
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let text = fs::read(proc_dir(pid).join("stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    // The last bracket ends the name; state and parent follow (proc(5)).
    let (_, rest) = text.rsplit_once(')')?;
    Some(Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?))
}

fn proc_dir(pid: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}
