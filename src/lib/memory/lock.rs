//! Keeping the memory of this process in RAM: the kernel may not write locked pages to a swap disk.

use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustix::mm::MlockAllFlags;
use serde::{Deserialize, Serialize};

use super::heap;
use super::regions;

/// How much of a process's memory is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockedMemory {
    /// All of it, stacks and code too.
    Everything,
    /// The heap up to so many bytes, the limit of this user (`ulimit -l`).
    UpTo(u64),
    /// No page: the limit is too small, or the system refuses mlock2(2), as Linux before 4.4 does.
    Nothing,
}

/// Locks the memory of this process, now and as it grows, as far as this user may. To be called before
/// privileges are dropped: it raises the limit first, as far as it can be raised.
pub(crate) fn lock_in_ram() -> LockedMemory {
    let limit = raise_limit();
    let whole = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    // Only without a limit: mlockall(2) makes every allocation beyond the limit fail, where locking
    // region by region leaves it unlocked.
    if limit == Some(RLIM_INFINITY) && rustix::mm::mlockall(whole).is_ok() {
        return LockedMemory::Everything;
    }
    let _heap = heap::lock();
    regions::lock_all();
    match (regions::size(), limit) {
        ((_, 0), _) => LockedMemory::Nothing,
        (_, Some(limit)) if limit != RLIM_INFINITY => LockedMemory::UpTo(limit),
        ((_, locked), _) => LockedMemory::UpTo(locked as u64),
    }
}

/// Raises the limit on locked memory as far as possible. Returns it in bytes, or `RLIM_INFINITY`;
/// `None` where the system does not tell it.
fn raise_limit() -> Option<u64> {
    let memlock = Resource::RLIMIT_MEMLOCK;
    // Only root may remove it; every user may raise it to the hard one.
    if setrlimit(memlock, RLIM_INFINITY, RLIM_INFINITY).is_err() {
        let (_, hard) = getrlimit(memlock).ok()?;
        let _ = setrlimit(memlock, hard, hard);
    }
    getrlimit(memlock).ok().map(|(soft, _)| soft)
}
