//! What a process does first: it ties its life to its parent's, and keeps its memory out of core dumps.

use std::os::fd::OwnedFd;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Pid, getpgrp, getppid, setpgid, setsid};

use super::inheritance::GUARD_BLOCKED;
use super::pidfd;

/// Why a process may not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParentError {
    /// The parent died after it forked this process.
    #[error("the program that started this one is gone")]
    Orphaned,
    /// The kernel refused the death signal, the signal mask or the session.
    #[error("cannot tie this process to its parent: {0}")]
    Refused(#[from] nix::Error),
}

/// Makes this process a service of `parent`, which must have started it: the kernel kills it when
/// `parent` dies, and it leads a session of its own, so that the terminal signals the supervisor alone.
///
/// The death signal (prctl(2), `PR_SET_PDEATHSIG`) is bound to the *thread* that forked, so the parent
/// must fork from its main thread. It is not sent for a parent that is already dead, hence the check.
///
/// # Errors
/// When the parent is dead already, or the kernel refuses.
pub(crate) fn become_service(parent: u32) -> Result<(), ParentError> {
    // In this order: a process that leads a session is always tied.
    die_with_parent(parent)?;
    new_session()
}

/// Makes this process the guard of `parent`, which must have started it: it outlives `parent` to clean
/// up after it. It leads a session of its own, blocks every signal that asks a program to end, and the
/// kernel continues it at the parent's death, in case it was stopped.
///
/// The returned descriptor becomes readable when the parent is dead, even if another process still
/// holds the parent's end of the lifeline. `None` without pidfds: then only the lifeline tells.
///
/// # Errors
/// [`ParentError::Orphaned`] when the parent is dead already.
pub(crate) fn become_guard(parent: u32) -> Result<Option<OwnedFd>, ParentError> {
    // First: until here, a guard that is stopped may stay stopped for ever.
    prctl::set_pdeathsig(Signal::SIGCONT)?;
    // Blocked already, unless another program has started it.
    SigSet::from_iter(GUARD_BLOCKED).thread_block()?;
    new_session()?;
    let number = i32::try_from(parent).map_err(|_| ParentError::Orphaned)?;
    let parent_fd = pidfd::open(Pid::from_raw(number)).map_err(|_| ParentError::Orphaned)?;
    // After the open: the pidfd is the parent's, and not that of a process which got its pid later.
    check_parent(parent)?;
    Ok(parent_fd)
}

/// Sets the death signal alone, for a program that stays in the process group of its parent.
///
/// # Errors
/// As [`become_service`].
pub(crate) fn die_with_parent(parent: u32) -> Result<(), ParentError> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    check_parent(parent)
}

/// Leads a session, or at least a process group, which does as well: the kernel refuses a session to
/// the leader of a group, which a shell with job control has made of it, and a container may refuse it
/// to every process.
fn new_session() -> Result<(), ParentError> {
    if setsid().is_err() && getpgrp() != Pid::this() {
        // 0 is this process (setpgid(2)).
        setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    }
    Ok(())
}

fn check_parent(parent: u32) -> Result<(), ParentError> {
    if i64::from(getppid().as_raw()) == i64::from(parent) {
        Ok(())
    } else {
        Err(ParentError::Orphaned)
    }
}

/// What of [`harden`] is not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HardenError {
    /// The other half prevents core dumps from here on, and was not in force before.
    #[error("off, but a program that is just starting may write one (setrlimit: {0})")]
    CoreLimit(nix::Error),
    /// The other half prevents core dumps, but not tracing.
    #[error("off, but other programs of this user can read the memory (prctl: {0})")]
    Dumpable(nix::Error),
    #[error("on: {0}; a crash may write memory to a disk")]
    Both(nix::Error),
}

/// Forbids core dumps and tracing, so memory reaches no disk and no process of this user.
///
/// Both, because `PR_SET_DUMPABLE` is lost at exec and the limit is not. The limit is 1, where it can be,
/// and not 0, which the kernel ignores when `core_pattern` names a pipe (core(5)).
///
/// # Errors
/// When the kernel refuses one or both.
pub(crate) fn harden() -> Result<(), HardenError> {
    let limited = limit_core_dumps();
    match (limited, prctl::set_dumpable(false)) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(error), Ok(())) => Err(HardenError::CoreLimit(error)),
        (Ok(()), Err(error)) => Err(HardenError::Dumpable(error)),
        (Err(error), Err(_)) => Err(HardenError::Both(error)),
    }
}

fn limit_core_dumps() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    // Only root may raise a hard limit of 0, which administrators set for all users.
    let limit = hard.min(1);
    setrlimit(Resource::RLIMIT_CORE, limit, limit)
}

/// The pid of this process, as its children get it to check their parent.
pub(crate) fn own_pid() -> u32 {
    Pid::this().as_raw().unsigned_abs()
}

/// The effective user of this process, as a peer of a socket is compared with it.
pub(crate) fn own_uid() -> u32 {
    nix::unistd::Uid::effective().as_raw()
}
