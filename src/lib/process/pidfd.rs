//! Processes as descriptors (pidfd_open(2)): unlike a pid, a pidfd never refers to another process
//! later.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// There is no process with the pid: it has exited and was reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoSuchProcess;

/// Opens the process that has this pid now. `None` without pidfds: before Linux 5.3, or where the
/// seccomp profile of a container refuses them, with whichever error. Only `ESRCH` says that the
/// process is gone.
///
/// # Errors
/// When there is no such process.
pub(super) fn open(pid: Pid) -> Result<Option<OwnedFd>, NoSuchProcess> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(NoSuchProcess)?;
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => Ok(Some(pidfd)),
        Err(rustix::io::Errno::SRCH) => Err(NoSuchProcess),
        Err(_) => Ok(None),
    }
}

/// Whether a signal can be sent through a pidfd: tried on this process, with one that changes nothing.
pub(crate) fn can_signal() -> bool {
    let own = open(Pid::this()).ok().flatten();
    own.is_some_and(|own| pidfd_send_signal(own, Signal::CONT).is_ok())
}

/// Kills the process, whether or not it is a child of ours.
///
/// # Errors
/// `ESRCH` when the process has been reaped; any error where [`can_signal`] is false.
pub(super) fn kill(pidfd: &OwnedFd) -> Result<(), Errno> {
    pidfd_send_signal(pidfd, Signal::KILL).map_err(|error| Errno::from_raw(error.raw_os_error()))
}

/// Whether the process exits within `timeout`: from then on its descriptor is readable.
pub(super) fn exits_within(pidfd: &OwnedFd, timeout: Duration) -> bool {
    let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
    let mut polled = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut polled, timeout) {
            Err(Errno::EINTR) => {}
            ready => return ready.is_ok_and(|count| count > 0),
        }
    }
}
