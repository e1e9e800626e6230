//! What a process does for itself before anything else: it ties its life to its parent's, and
//! keeps its memory out of core dumps.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid, setsid};

/// Why a process may not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TieError {
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
pub(crate) fn tie_to_parent(parent: u32) -> Result<(), TieError> {
    // Already the leader of a group: then the shell gave us one, which is as good.
    match setsid() {
        Ok(_) | Err(nix::Error::EPERM) => {}
        Err(error) => return Err(error.into()),
    }
    die_with_parent(parent)
}

/// The death signal alone, for a program that stays in the group of its parent.
///
/// # Errors
/// As [`tie_to_parent`].
pub(crate) fn die_with_parent(parent: u32) -> Result<(), TieError> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if i64::from(getppid().as_raw()) == i64::from(parent) {
        Ok(())
    } else {
        Err(TieError::Orphaned)
    }
}

/// Keeps memory from disk and from other processes of this user: no core dumps, no tracing.
///
/// Both, because a `core_pattern` that pipes ignores a limit of 0, and `DUMPABLE` is lost at exec.
///
/// # Errors
/// When the kernel refuses; the caller says so and goes on.
pub(crate) fn harden() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    prctl::set_dumpable(false)
}

/// The number by which our children know us.
pub(crate) fn own_pid() -> u32 {
    Pid::this().as_raw().unsigned_abs()
}

/// The user we act for, by number.
pub(crate) fn own_user() -> u32 {
    nix::unistd::Uid::effective().as_raw()
}
