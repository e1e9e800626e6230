//! Processes as descriptors (pidfd_open(2)): unlike a pid, a pidfd never refers to another process
//! later.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Opens the process that has this pid now.
///
/// # Errors
/// `ESRCH` when there is none, `ENOSYS` before Linux 5.3.
pub(super) fn open(pid: Pid) -> Result<OwnedFd, Errno> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(Errno::ESRCH)?;
    pidfd_open(pid, PidfdFlags::empty()).map_err(errno)
}

/// Kills the process, whether or not it is a child of ours.
///
/// # Errors
/// `ESRCH` when the process has been reaped.
pub(super) fn kill(pidfd: &OwnedFd) -> Result<(), Errno> {
    pidfd_send_signal(pidfd, Signal::KILL).map_err(errno)
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

fn errno(error: rustix::io::Errno) -> Errno {
    Errno::from_raw(error.raw_os_error())
}
