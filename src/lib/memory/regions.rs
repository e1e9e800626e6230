//! The memory under the heap: mapped in regions, each kept out of core dumps and, as far as the
//! limit of this user goes, locked, so that no part of it is ever written to a swap disk.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::{self, NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use rustix::mm::{Advice, MapFlags, MlockFlags, ProtFlags};

/// Size of a usual region. Small, because the last one that would go over the limit stays unlocked
/// as a whole, and the usual limit is 8 MiB; not smaller, because each costs three system calls.
pub(super) const REGION_BYTES: usize = 256 * 1024;

/// Regions are mapped in pages; where those are larger, the kernel rounds up once more.
const PAGE_BYTES: usize = 4096;

/// What stands at the beginning of each region.
#[derive(Debug)]
#[repr(C, align(64))]
struct Region {
    next: *mut Region,
    previous: *mut Region,
    /// Including this.
    bytes: usize,
    locked: bool,
}

/// Before the memory that is given away.
const HEADER_BYTES: usize = size_of::<Region>();

/// The newest region; each knows the one before. Changed only under the lock of the heap.
static NEWEST: AtomicPtr<Region> = AtomicPtr::new(null_mut());
/// A usual region that nobody needs right now. With it, a heap that shrinks and grows around a
/// boundary asks the kernel for nothing.
static SPARE: AtomicPtr<Region> = AtomicPtr::new(null_mut());
static MAPPED: AtomicUsize = AtomicUsize::new(0);
static LOCKED: AtomicUsize = AtomicUsize::new(0);

/// Where the heap gets its memory from. There is one heap in a process, which calls this under its
/// lock, so the state is static.
#[derive(Debug)]
pub(super) struct Regions;

// SAFETY: what is given away is a mapping of its own, private to this process, at least as large as
// asked for and aligned to 64 bytes behind its head; it stays mapped until it is given back.
unsafe impl GlobalAlloc for Regions {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        debug_assert!(layout.align() <= align_of::<Region>());
        let Some(bytes) = mapping(layout.size()) else { return null_mut() };
        let spare = SPARE.load(Relaxed);
        // SAFETY: the spare is a region that was mapped here and not given back to the kernel.
        if !spare.is_null() && unsafe { (*spare).bytes } == bytes {
            SPARE.store(null_mut(), Relaxed);
            return payload(spare);
        }
        match map(bytes) {
            Some(region) => payload(region.as_ptr()),
            None => null_mut(),
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        let region = memory.wrapping_sub(HEADER_BYTES).cast::<Region>();
        // SAFETY: whoever gives memory back has it from `alloc`, behind the head of a region.
        let bytes = unsafe { (*region).bytes };
        if SPARE.load(Relaxed).is_null() && Some(bytes) == mapping(REGION_BYTES) {
            SPARE.store(region, Relaxed);
            return;
        }
        // SAFETY: as above, and nobody uses it any more.
        unsafe { unmap(region) };
    }
}

/// Bytes of the mapping for a region with so many in it.
const fn mapping(bytes: usize) -> Option<usize> {
    match bytes.checked_add(HEADER_BYTES) {
        Some(bytes) => bytes.checked_next_multiple_of(PAGE_BYTES),
        None => None,
    }
}

fn payload(region: *mut Region) -> *mut u8 {
    region.cast::<u8>().wrapping_add(HEADER_BYTES)
}

fn map(bytes: usize) -> Option<NonNull<Region>> {
    let (protection, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // SAFETY: a new mapping, where the kernel chooses; it overlaps nothing.
    let mapped = unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), bytes, protection, kind) };
    let region = NonNull::new(mapped.ok()?)?.cast::<Region>();
    // SAFETY: the mapping is ours. Advice about dumps changes none of its bytes; refused, core dumps
    // are still off for the whole process.
    let _ = unsafe { rustix::mm::madvise(region.as_ptr().cast(), bytes, Advice::LinuxDontDump) };
    let next = NEWEST.load(Relaxed);
    let locked = lock(region.as_ptr(), bytes);
    // SAFETY: large enough for its head, aligned to a page, and nobody else knows it yet.
    unsafe { region.write(Region { next, previous: null_mut(), bytes, locked }) };
    if !next.is_null() {
        // SAFETY: every region in the list is mapped, and the list changes under one lock.
        unsafe { (*next).previous = region.as_ptr() };
    }
    NEWEST.store(region.as_ptr(), Relaxed);
    MAPPED.fetch_add(bytes, Relaxed);
    Some(region)
}

/// Locks the pages of a region as they are touched (mlock2(2), `MLOCK_ONFAULT`), so that a large
/// region costs no more memory than is used of it.
fn lock(region: *mut Region, bytes: usize) -> bool {
    // SAFETY: the mapping is ours, and locking changes none of its bytes.
    let locked = unsafe { rustix::mm::mlock_with(region.cast(), bytes, MlockFlags::ONFAULT) };
    if locked.is_ok() {
        LOCKED.fetch_add(bytes, Relaxed);
    }
    locked.is_ok()
}

/// # Safety
/// The region is in the list, and nobody uses what is in it.
unsafe fn unmap(region: *mut Region) {
    // SAFETY: by the caller's word it is mapped, and so are its neighbours, which are in the list.
    let (bytes, locked) = unsafe {
        let Region { next, previous, bytes, locked } = region.read();
        match previous.is_null() {
            true => NEWEST.store(next, Relaxed),
            false => (*previous).next = next,
        }
        if !next.is_null() {
            (*next).previous = previous;
        }
        (bytes, locked)
    };
    MAPPED.fetch_sub(bytes, Relaxed);
    if locked {
        LOCKED.fetch_sub(bytes, Relaxed);
    }
    // SAFETY: as above. Refused, it stays mapped and unused.
    let _ = unsafe { rustix::mm::munmap(region.cast(), bytes) };
}

/// Tries to lock what could not be locked when it was mapped. To be called under the lock of the
/// heap.
pub(super) fn lock_all() {
    let mut region = NEWEST.load(Relaxed);
    while !region.is_null() {
        // SAFETY: every region in the list is mapped, and the list changes under one lock.
        unsafe {
            if !(*region).locked {
                (*region).locked = lock(region, (*region).bytes);
            }
            region = (*region).next;
        }
    }
}

/// Overwrites everything but the heads.
///
/// # Safety
/// Nobody uses the heap ever again: neither this thread nor another.
pub(super) unsafe fn overwrite_all() {
    let mut region = NEWEST.load(Relaxed);
    while !region.is_null() {
        // SAFETY: every region in the list is mapped as long as its head says, and by the caller's
        // word there is nothing in it that anybody will read.
        unsafe {
            let Region { next, bytes, .. } = region.read();
            super::overwrite(payload(region), bytes - HEADER_BYTES);
            region = next;
        }
    }
}

/// Bytes under the heap, and how many of them are locked.
pub(super) fn size() -> (usize, usize) {
    (MAPPED.load(Relaxed), LOCKED.load(Relaxed))
}
