//! A handle on a process that need not be a child of this one.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::DEADLINE;

/// A pidfd, which never comes to mean another process. `None` if the process was gone before it was
/// opened.
#[derive(Debug)]
pub(crate) struct ProcessHandle(Option<OwnedFd>);

impl ProcessHandle {
    /// The caller must know that the pid has not been reused: it started the process, or has just
    /// read its pid.
    pub(crate) fn open(pid: u32) -> Self {
        let pid = Pid::from_raw(pid.cast_signed()).expect("a process has a pid");
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Self(Some(pidfd)),
            Err(Errno::SRCH) => Self(None),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for the exit; false if the process still runs at `deadline`.
    pub(crate) fn exits_by(&self, deadline: Instant) -> bool {
        let Some(pidfd) = &self.0 else { return true };
        // A pidfd is readable when its process has exited (pidfd_open(2)).
        let mut polled = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(deadline.saturating_duration_since(Instant::now()));
        poll(&mut polled, timeout.expect("a deadline is minutes away at most")) == Ok(1)
    }

    /// Waits for the exit.
    pub(crate) fn wait_exit(&self) {
        assert!(self.exits_by(Instant::now() + DEADLINE), "the process does not exit");
    }

    /// Sends `signal`; false if the process has exited.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        self.0.as_ref().is_some_and(|pidfd| pidfd_send_signal(pidfd, signal).is_ok())
    }
}
