//! What `/proc` says about the descendants of a process; proc(5).

use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::harness;

/// A process as it was when it was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    /// The name of its program, cut at 15 bytes.
    pub(crate) comm: String,
    /// The session that it belongs to, by the number of the one who leads it.
    session: i32,
    state: char,
}

impl Seen {
    /// `None`: there is no such process any more.
    pub(crate) fn look(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // `1 (any name) S 0 …`; the name may hold anything, the rest holds no bracket.
        let (before, rest) = stat.rsplit_once(") ")?;
        let comm = before.split_once('(')?.1.to_owned();
        let mut rest = rest.split(' ');
        let state = rest.next()?.chars().next()?;
        let parent = rest.next()?.parse().ok()?;
        // Between them stands the group.
        let session = rest.nth(1)?.parse().ok()?;
        Some(Self { pid, parent, comm, session, state })
    }

    /// Whether it only waits to be collected.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether it is past its first steps: our services tie themselves and lead a session then.
    pub(crate) fn stands(&self) -> bool {
        self.session == self.pid
    }

    /// Its command line, with spaces between the words.
    pub(crate) fn command(&self) -> String {
        let words = std::fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned()
    }

    /// For a report about somebody who should not be there.
    pub(crate) fn describe(&self) -> String {
        format!("{} ({}, state {}): {}", self.comm, self.pid, self.state, self.command())
    }

    /// A handle on this very process, which means it as long as it is held; `None` if the number
    /// has come to mean another one, or nobody.
    pub(crate) fn hold(&self) -> Option<OwnedFd> {
        let handle = pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::empty()).ok()?;
        let again = Self::look(self.pid)?;
        let same = again.parent == self.parent && again.comm == self.comm && !again.has_ended();
        same.then_some(handle)
    }
}

/// Sends `signal`; false if there is nobody any more.
pub(crate) fn send(handle: &OwnedFd, signal: Signal) -> bool {
    pidfd_send_signal(handle, signal).is_ok()
}

/// The children of `parent`.
pub(crate) fn children(parent: i32) -> Vec<Seen> {
    let pids = harness::children(parent.cast_unsigned()).into_iter();
    pids.filter_map(|pid| Seen::look(pid.cast_signed())).collect()
}

/// The children of `parent`, theirs, and so on.
pub(crate) fn descendants(parent: i32) -> Vec<Seen> {
    let mut found = children(parent);
    let mut next = 0;
    while next < found.len() {
        let more = children(found[next].pid);
        found.extend(more);
        next += 1;
    }
    found
}
