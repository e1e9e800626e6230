//! Memory that forgets: the heap of every program of ours. What is freed is overwritten at once; it
//! lies in regions that are kept out of core dumps and locked as far as the system allows, and at
//! the end the rest is overwritten as a whole.
//!
//! On the heap and not on single types, because text has copies that no type of ours owns: the
//! buffer of a `Vec` that grew, a number that JSON was parsed into, what a library read. The
//! allocator sees them all.
//!
//! The only module with `unsafe` in it.

#![expect(unsafe_code, reason = "an allocator, and the calls that map and lock its memory")]

mod executable;
mod regions;
#[cfg(test)]
mod tests;

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::{copy_nonoverlapping, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::mm::MlockAllFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::GlobalAllocSource;

pub(crate) use executable::{make_executable, map_executable};
use regions::{REGION_BYTES, Regions};

type RegionSource = GlobalAllocSource<Regions>;

/// From a page on, an allocation lies among its like. What is large is short-lived here: the buffers
/// of an HTTP connection, a welcome. What stays for as long as somebody does is small, and would lie
/// scattered between the holes that the large leave: with 10 000 participants that made 58 MiB of 20.
const LARGE_BYTES: usize = 4096;

/// The heap of this process. The mutex of std is a futex on Linux: it neither allocates nor fails.
struct Heap(Mutex<Parts>);

/// What lies apart, so that what is freed can be given back.
struct Parts {
    small: Talc<RegionSource, DefaultBinning>,
    large: Talc<RegionSource, DefaultBinning>,
}

#[global_allocator]
static HEAP: Heap = Heap(Mutex::new(Parts {
    small: Talc::new(GlobalAllocSource::with_block_size(Regions, REGION_BYTES)),
    large: Talc::new(GlobalAllocSource::with_block_size(Regions, REGION_BYTES)),
}));

impl Parts {
    /// Where allocations of so many bytes lie.
    fn of(&mut self, bytes: usize) -> &mut Talc<RegionSource, DefaultBinning> {
        if bytes < LARGE_BYTES { &mut self.small } else { &mut self.large }
    }
}

impl Heap {
    fn lock(&self) -> MutexGuard<'_, Parts> {
        // Nothing panics under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: memory comes from `Talc`, which keeps the contract, under a lock. What is added only
// writes to bytes that the caller has just given up.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller asks for at least one byte.
        unsafe { self.lock().of(layout.size()).allocate(layout) }
            .map_or(null_mut(), std::ptr::NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller has it from here, with this layout, and gives it up.
        unsafe {
            overwrite(memory, layout.size());
            self.lock().of(layout.size()).deallocate(memory, layout);
        }
    }

    /// In place if possible; else the old copy is overwritten, which the default does as well.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if bytes < layout.size() {
            // SAFETY: the caller gives up the rest, which lies within the old allocation.
            unsafe { overwrite(memory.add(bytes), layout.size() - bytes) };
        }
        let stays = (bytes < LARGE_BYTES) == (layout.size() < LARGE_BYTES);
        // SAFETY: the caller has it from here, with this layout, and asks for at least one byte,
        // which together with the alignment is a valid layout.
        unsafe {
            if stays && self.lock().of(bytes).try_realloc_in_place(memory, layout, bytes) {
                return memory;
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(bytes, layout.align()));
            if !moved.is_null() {
                copy_nonoverlapping(memory, moved, layout.size().min(bytes));
                self.dealloc(memory, layout);
            }
            moved
        }
    }
}

/// Overwrites bytes that nobody will read.
///
/// # Safety
/// They may be written to, and nobody else uses them.
unsafe fn overwrite(memory: *mut u8, bytes: usize) {
    // SAFETY: by the caller's word. The empty instruction may look at the bytes, for all that the
    // compiler knows, so it cannot leave the writing out.
    unsafe {
        memory.write_bytes(0, bytes);
        std::arch::asm!("/* {0} */", in(reg) memory, options(nostack, preserves_flags, readonly));
    }
}

/// How much of what a process remembers the kernel may not write to a swap disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockedMemory {
    /// All of it, stacks and code too.
    Everything,
    /// The heap up to so many bytes, the limit of this user (`ulimit -l`); what is beyond it is
    /// overwritten when it is freed all the same.
    UpTo(u64),
    /// None of it.
    Nothing,
}

/// Locks the memory of this process, now and as it grows, as far as this user may; raises the limit
/// as far as it may be raised. To be called before privileges are given up.
pub(crate) fn lock_in_ram() -> LockedMemory {
    let limit = raise_limit();
    let whole = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    // Only without a limit: with one, what goes beyond could not be had at all, where now it is had
    // and is not locked.
    if limit.is_none() && rustix::mm::mlockall(whole).is_ok() {
        return LockedMemory::Everything;
    }
    let _heap = HEAP.lock();
    regions::lock_all();
    match (regions::size(), limit) {
        ((_, 0), _) => LockedMemory::Nothing,
        (_, Some(limit)) => LockedMemory::UpTo(limit),
        ((_, locked), None) => LockedMemory::UpTo(locked as u64),
    }
}

/// The limit on locked memory, in bytes, once it is as high as this user may set it.
fn raise_limit() -> Option<u64> {
    // Without any limit, for whoever may; else up to the hard one, which is allowed to everybody.
    if setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None }).is_err() {
        let hard = getrlimit(Resource::Memlock).maximum;
        let _ = setrlimit(Resource::Memlock, Rlimit { current: hard, maximum: hard });
    }
    getrlimit(Resource::Memlock).current
}

/// Overwrites what functions that have returned left on the stack of this thread: pieces of names that
/// were compared, measured or escaped. To be called from `main`, when its work is done.
#[inline(never)]
pub(crate) fn overwrite_stack() {
    /// The event loops of our programs reach 60 KiB deep in a build without optimisation.
    const DEPTH: usize = 256 * 1024;
    let mut left = [0_u8; DEPTH];
    // For all that the compiler knows, this is read.
    std::hint::black_box(&mut left);
}

/// Overwrites the whole heap and ends this process with `code`, at once. Nobody is told: everything
/// that must be said, saved or dropped in order is to be done before, and no other thread of this
/// process may still be at work.
pub(crate) fn wipe_and_exit(code: u8) -> ! {
    overwrite_stack();
    // Kept for good: a thread that comes by against all expectation waits here until the end.
    let _heap = HEAP.lock();
    // SAFETY: nothing of the heap is used after this: not by this thread, whose next step ends the
    // process without running anything of ours (_exit(2)); and not by another, see above.
    unsafe {
        regions::overwrite_all();
        nix::libc::_exit(i32::from(code))
    }
}
