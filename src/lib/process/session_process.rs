//! Processes of a session, known by the mark in their environment and by nothing else, and reached
//! through a pidfd: a signal through it meets the process that was looked at, or nobody.
//!
//! A process that closed its memory to others (`PR_SET_DUMPABLE`), as our own services do, cannot
//! be read but by root and is not found here; the kernel ends those with their parent.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{Pid, Uid};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::confine::is_dynamic_user;
use crate::paths::{self, Owner};

/// SIGKILL takes milliseconds, unless the process hangs in the kernel.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Arguments and environment of a process have at most 6 MiB together (execve(2)).
const MAX_ENVIRON_BYTES: u64 = 8 * 1024 * 1024;

/// Why a process is still there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KillError {
    /// Even SIGKILL did not end it in time.
    #[error("it does not end; its kernel call hangs, try again later")]
    Undying,
    /// The kernel has no pidfds (before Linux 5.3), so its number might be another's by now.
    #[error(
        "this kernel cannot signal a process without mistaking another for it; end it yourself"
    )]
    NoPidfd,
    /// The system refused.
    #[error(transparent)]
    Refused(#[from] Errno),
}

/// A process that carried the mark of a session when it was looked at.
#[derive(Debug)]
pub(crate) struct SessionProcess {
    pid: Pid,
    /// `None` on a kernel without pidfds.
    handle: Option<OwnedFd>,
}

impl SessionProcess {
    /// Every process of this user, and of the numbers that root's cloudflared has, that has_mark the mark of `session`, but for this one and those
    /// that started it.
    pub(crate) fn find_all(session: &OsStr) -> Vec<Self> {
        let mark = [paths::SESSION_MARK.as_bytes(), b"=", session.as_bytes()].concat();
        let ours = ancestors();
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let mut found: Vec<Self> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .map(Pid::from_raw)
            .filter(|pid| has_mark(*pid, &mark) && !ours.contains(pid))
            .filter_map(|pid| Self::open(pid, &mark))
            .collect();
        found.sort_by_key(|process| process.pid);
        found
    }

    /// Opens the process first and looks at it then: if the handle still works later, nobody else
    /// can have had the number in between.
    fn open(pid: Pid, mark: &[u8]) -> Option<Self> {
        let handle = match open(pid) {
            Ok(handle) => Some(handle),
            Err(Errno::ENOSYS) => None,
            // Gone in the meantime.
            Err(_) => return None,
        };
        has_mark(pid, mark).then_some(Self { pid, handle })
    }

    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Its folder in `/proc`.
    pub(crate) fn path(&self) -> PathBuf {
        proc(self.pid)
    }

    /// Kills it, and waits until it is dead; who collects it is somebody else's business. Dead
    /// before is fine.
    ///
    /// # Errors
    /// When it may not be killed, or does not end.
    pub(crate) fn kill_and_wait(&self) -> Result<(), KillError> {
        self.kill()?;
        let handle = self.handle.as_ref().ok_or(KillError::NoPidfd)?;
        if has_exited_within(handle, KILL_TIMEOUT) { Ok(()) } else { Err(KillError::Undying) }
    }

    /// Kills it and does not wait.
    ///
    /// # Errors
    /// When it may not be killed.
    pub(crate) fn kill(&self) -> Result<(), KillError> {
        let killed = match &self.handle {
            Some(handle) => pidfd_send_signal(handle, Signal::KILL).map_err(errno),
            // Our own child keeps its number until we collect it.
            None if parent_of(self.pid) == Some(Pid::this()) => {
                nix::sys::signal::kill(self.pid, nix::sys::signal::SIGKILL)
            }
            None => return Err(KillError::NoPidfd),
        };
        match killed {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

/// A descriptor that stands for the process with this number now, and for no later one
/// (pidfd_open(2)).
///
/// # Errors
/// `ESRCH` when there is none, `ENOSYS` before Linux 5.3.
pub(super) fn open(pid: Pid) -> Result<OwnedFd, Errno> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(Errno::ESRCH)?;
    pidfd_open(pid, PidfdFlags::empty()).map_err(errno)
}

/// Whether the process ends within `patience`: its descriptor is readable from then on.
fn has_exited_within(handle: &OwnedFd, patience: Duration) -> bool {
    let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    let mut watched = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut watched, patience) {
            Err(Errno::EINTR) => {}
            ready => return ready.is_ok_and(|count| count > 0),
        }
    }
}

fn errno(error: rustix::io::Errno) -> Errno {
    Errno::from_raw(error.raw_os_error())
}

/// Whether it is this user's, or of a number that root's cloudflared has, has_mark the mark, and has
/// not ended: a dead one has no environment.
fn has_mark(pid: Pid, mark: &[u8]) -> bool {
    let own = fs::metadata(proc(pid))
        .is_ok_and(|seen| seen.uid() == Uid::current().as_raw() || is_dynamic_user(seen.uid()));
    let environment = || {
        let file = proc(pid).join("environ");
        paths::read_file(&file, Owner::Anyone, MAX_ENVIRON_BYTES).unwrap_or_default()
    };
    own && environment().split(|byte| *byte == 0).any(|entry| entry == mark)
}

/// This process and those above it.
fn ancestors() -> Vec<Pid> {
    std::iter::successors(Some(Pid::this()), |pid| parent_of(*pid)).collect()
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let text = fs::read(proc(pid).join("stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    // The name before it may hold anything, brackets and spaces too; the last one closes it. After
    // it come the state and the parent (proc(5)).
    let (_, rest) = text.rsplit_once(')')?;
    Some(Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?))
}

fn proc(pid: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}
