//! What a process does for itself before anything else: it ties its life to its parent's, and
//! keeps its memory out of core dumps.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Pid, getppid, setsid};

use super::session_process;

/// Why a process may not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParentError {
    /// The parent died between starting us and now.
    #[error("the program that started this one is gone")]
    Orphaned,
    /// The kernel refused.
    #[error("cannot tie this process to its parent: {0}")]
    Refused(#[from] nix::Error),
}

/// Dies with the process `parent`, which must be the one that started us, and leads a session of
/// its own, so that the terminal's signals reach the supervisor alone.
///
/// The death signal (prctl(2), `PR_SET_PDEATHSIG`) follows the *thread* that forked, so the parent
/// must fork from its main thread; and it misses a parent that is already dead, hence the check.
///
/// # Errors
/// When the parent is gone already, or the kernel refuses.
pub(crate) fn become_service(parent: u32) -> Result<(), ParentError> {
    // The tie first: whoever leads a session is tied.
    die_with_parent(parent)?;
    new_session()
}

/// Outlives the process `parent`, which must be the one that started us, to clean up after it: leads
/// a session of its own, is deaf to whatever asks a program to end, and is set going by the
/// parent's death even if somebody has stopped it.
///
/// The descriptor becomes readable when the parent is dead (pidfd_open(2)), whoever else may hold
/// its end of our lifeline; there is none on a kernel before 5.3, where the lifeline must do.
///
/// # Errors
/// [`ParentError::Orphaned`] when the parent is dead already: then the work begins at once.
pub(crate) fn become_guard(parent: u32) -> Result<Option<OwnedFd>, ParentError> {
    // First of all: until here, whoever is stopped may be left behind for good.
    prctl::set_pdeathsig(Signal::SIGCONT)?;
    let deaf = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP];
    SigSet::from_iter(deaf).thread_block()?;
    new_session()?;
    let number = i32::try_from(parent).map_err(|_| ParentError::Orphaned)?;
    let handle = match session_process::open(Pid::from_raw(number)) {
        Ok(handle) => Some(handle),
        Err(Errno::ENOSYS) => None,
        Err(_) => return Err(ParentError::Orphaned),
    };
    // Asked after the handle was opened: it is our parent's, and nobody's who got the number later.
    check_parent(parent)?;
    Ok(handle)
}

/// The death signal alone, for a program that stays in the group of its parent.
///
/// # Errors
/// As [`become_service`].
pub(crate) fn die_with_parent(parent: u32) -> Result<(), ParentError> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    check_parent(parent)
}

fn new_session() -> Result<(), ParentError> {
    match setsid() {
        // Already the leader of a group: then the shell gave us one, which is as good.
        Ok(_) | Err(Errno::EPERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn check_parent(parent: u32) -> Result<(), ParentError> {
    if i64::from(getppid().as_raw()) == i64::from(parent) {
        Ok(())
    } else {
        Err(ParentError::Orphaned)
    }
}

/// Keeps memory from disk and from other processes of this user: no core dumps, no tracing.
///
/// Both, because `DUMPABLE` is lost at exec, and the limit reaches cloudflared. It is 1 and not 0,
/// which a `core_pattern` that pipes would ignore (core(5)).
///
/// # Errors
/// When the kernel refuses; the caller says so and goes on.
pub(crate) fn harden() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 1, 1)?;
    prctl::set_dumpable(false)
}

/// The number by which our children know us.
pub(crate) fn own_pid() -> u32 {
    Pid::this().as_raw().unsigned_abs()
}

/// The user we act for, by number.
pub(crate) fn own_uid() -> u32 {
    nix::unistd::Uid::effective().as_raw()
}
