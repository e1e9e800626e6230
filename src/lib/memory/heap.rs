//! The global allocator. It overwrites what is freed, and what a reallocation leaves behind.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::{copy_nonoverlapping, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::GlobalAllocSource;

use super::overwrite::{overwrite, overwrite_stack};
use super::regions::{self, REGION_BYTES, Regions};

type RegionSource = GlobalAllocSource<Regions>;

/// Allocations from a page on have a heap of their own. Large ones are short-lived here (buffers of an
/// HTTP connection, a welcome), small ones last as long as a participant stays, and would lie
/// scattered between the gaps of the large: with 10 000 participants that took 58 MiB instead of 20.
const LARGE_BYTES: usize = 4096;

/// The heap of this process. The mutex of std is a futex on Linux: it neither allocates nor fails.
struct Heap(Mutex<Parts>);

/// Two heaps, so that freed memory can be returned to the kernel.
pub(super) struct Parts {
    small: Talc<RegionSource, DefaultBinning>,
    large: Talc<RegionSource, DefaultBinning>,
}

#[global_allocator]
static HEAP: Heap = Heap(Mutex::new(Parts {
    small: Talc::new(GlobalAllocSource::with_block_size(Regions, REGION_BYTES)),
    large: Talc::new(GlobalAllocSource::with_block_size(Regions, REGION_BYTES)),
}));

impl Parts {
    /// The heap for allocations of so many bytes.
    fn sized(&mut self, bytes: usize) -> &mut Talc<RegionSource, DefaultBinning> {
        if bytes < LARGE_BYTES { &mut self.small } else { &mut self.large }
    }
}

impl Heap {
    fn lock(&self) -> MutexGuard<'_, Parts> {
        // Nothing panics under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps every thread from allocating until it is dropped. The holder may not allocate either.
pub(super) fn lock() -> MutexGuard<'static, Parts> {
    HEAP.lock()
}

// SAFETY: `Talc` keeps the contract of `GlobalAlloc`, and every call to it is under a lock. Our code
// writes only to bytes that the caller has just given up.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller asks for at least one byte.
        unsafe { self.lock().sized(layout.size()).allocate(layout) }
            .map_or(null_mut(), std::ptr::NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller allocated it here, with this layout, and gives it up.
        unsafe {
            overwrite(memory, layout.size());
            self.lock().sized(layout.size()).deallocate(memory, layout);
        }
    }

    /// In place if possible; otherwise it moves, and the old copy is overwritten.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if bytes < layout.size() {
            // SAFETY: the caller gives up the rest, which lies within the old allocation.
            unsafe { overwrite(memory.add(bytes), layout.size() - bytes) };
        }
        let same_heap = (bytes < LARGE_BYTES) == (layout.size() < LARGE_BYTES);
        // SAFETY: the caller allocated it here, with this layout, and asks for at least one byte,
        // which together with the alignment is a valid layout.
        unsafe {
            if same_heap && self.lock().sized(bytes).try_realloc_in_place(memory, layout, bytes) {
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

/// Overwrites the whole heap and exits with `code`: no destructor runs, no buffer is flushed. No other
/// thread may still use the heap.
pub(crate) fn wipe_and_exit(code: u8) -> ! {
    overwrite_stack();
    // Never unlocked: a thread that allocates against all expectation waits here until the exit.
    let _heap = lock();
    // SAFETY: this thread uses nothing of the heap after this, because _exit(2) runs no code of ours;
    // no other thread does, by the contract above.
    unsafe {
        regions::overwrite_all();
        nix::libc::_exit(i32::from(code))
    }
}
