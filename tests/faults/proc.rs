//! Processes below a given one, as `/proc` shows them (proc(5)).

use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::harness;

/// A snapshot of `/proc/PID/stat`.
#[derive(Clone, Debug)]
pub(crate) struct ProcessStat {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    /// The name of the program, truncated to 15 bytes by the kernel.
    pub(crate) comm: String,
    session: i32,
    state: char,
}

impl ProcessStat {
    /// `None` if there is no such process any more.
    pub(crate) fn read(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // `1 (any name) S 0 …`: the name may contain brackets, the rest does not.
        let (before, rest) = stat.rsplit_once(") ")?;
        let comm = before.split_once('(')?.1.to_owned();
        let mut rest = rest.split(' ');
        let state = rest.next()?.chars().next()?;
        let parent = rest.next()?.parse().ok()?;
        // The process group comes before the session.
        let session = rest.nth(1)?.parse().ok()?;
        Some(Self { pid, parent, comm, session, state })
    }

    /// Whether it is dead, and at most waits to be reaped.
    pub(crate) fn has_exited(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether it leads a session: our services do so once they are tied to their parent.
    pub(crate) fn is_session_leader(&self) -> bool {
        self.session == self.pid
    }

    /// Its command line, with spaces between the arguments.
    pub(crate) fn command(&self) -> String {
        let words = std::fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned()
    }

    /// The process in one line of a report.
    pub(crate) fn describe(&self) -> String {
        format!("{} ({}, state {}): {}", self.comm, self.pid, self.state, self.command())
    }

    /// A pidfd of this process. `None` if it has exited, or if the pid now belongs to another
    /// process.
    pub(crate) fn pidfd(&self) -> Option<OwnedFd> {
        let pidfd = pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::empty()).ok()?;
        let again = Self::read(self.pid)?;
        let same = again.parent == self.parent && again.comm == self.comm && !again.has_exited();
        same.then_some(pidfd)
    }
}

/// Sends `signal`; false if the process has exited.
pub(crate) fn send_signal(pidfd: &OwnedFd, signal: Signal) -> bool {
    pidfd_send_signal(pidfd, signal).is_ok()
}

pub(crate) fn children(parent: i32) -> Vec<ProcessStat> {
    let pids = harness::children(parent.cast_unsigned()).into_iter();
    pids.filter_map(|pid| ProcessStat::read(pid.cast_signed())).collect()
}

/// The children of `parent`, their children, and so on.
pub(crate) fn descendants(parent: i32) -> Vec<ProcessStat> {
    let mut found = children(parent);
    let mut next = 0;
    while next < found.len() {
        let more = children(found[next].pid);
        found.extend(more);
        next += 1;
    }
    found
}
