//! The memory under the heap, mapped in regions. Each is kept out of core dumps and locked as far as
//! the limit of this user goes, so that the kernel never writes it to a swap disk.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::{self, NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use rustix::mm::{Advice, MapFlags, MlockFlags, ProtFlags};

use super::overwrite::overwrite;

/// Size of a usual region. Small, because the one that would exceed the limit stays unlocked as a
/// whole, and the usual limit is 8 MiB; not smaller, because each costs three system calls.
pub(super) const REGION_BYTES: usize = 256 * 1024;

/// Mappings are multiples of this; a kernel with larger pages rounds up once more.
const PAGE_BYTES: usize = 4096;

/// The header of each region.
#[derive(Debug)]
#[repr(C, align(64))]
struct Region {
    next: *mut Region,
    previous: *mut Region,
    /// Size of the mapping, header included.
    bytes: usize,
    locked: bool,
}

const HEADER_BYTES: usize = size_of::<Region>();

/// The newest region, the head of a doubly linked list. Changed only under the lock of the heap.
static NEWEST: AtomicPtr<Region> = AtomicPtr::new(null_mut());
/// One unused region of the usual size, kept to save system calls when the heap shrinks and grows.
static SPARE: AtomicPtr<Region> = AtomicPtr::new(null_mut());
static MAPPED: AtomicUsize = AtomicUsize::new(0);
static LOCKED: AtomicUsize = AtomicUsize::new(0);

/// The source of the heap's memory. Called under the heap's lock; its state is static.
#[derive(Debug)]
pub(super) struct Regions;

// SAFETY: an allocation is a mapping of its own, private to this process, at least as large as asked
// for, aligned to 64 bytes behind its header, and mapped until it is deallocated.
unsafe impl GlobalAlloc for Regions {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        debug_assert!(layout.align() <= align_of::<Region>());
        let Some(bytes) = mapping(layout.size()) else { return null_mut() };
        let spare = SPARE.load(Relaxed);
        // SAFETY: the spare was mapped here and is not unmapped.
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
        // SAFETY: the caller has it from `alloc`, behind the header of a region.
        let bytes = unsafe { (*region).bytes };
        if SPARE.load(Relaxed).is_null() && Some(bytes) == mapping(REGION_BYTES) {
            SPARE.store(region, Relaxed);
            return;
        }
        // SAFETY: as above, and the caller uses it no more.
        unsafe { unmap(region) };
    }
}

/// Size of the mapping for so many bytes; `None` if it overflows.
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
    // SAFETY: the mapping is ours, and advice about dumps changes none of its bytes. If the kernel
    // refuses, core dumps are still off for the whole process.
    let _ = unsafe { rustix::mm::madvise(region.as_ptr().cast(), bytes, Advice::LinuxDontDump) };
    let next = NEWEST.load(Relaxed);
    let locked = lock(region.as_ptr(), bytes);
    // SAFETY: large enough for its header, aligned to a page, and in no list yet.
    unsafe { region.write(Region { next, previous: null_mut(), bytes, locked }) };
    if !next.is_null() {
        // SAFETY: every region in the list is mapped, and the list changes under one lock.
        unsafe { (*next).previous = region.as_ptr() };
    }
    NEWEST.store(region.as_ptr(), Relaxed);
    MAPPED.fetch_add(bytes, Relaxed);
    Some(region)
}

/// Locks the pages of a region as they are touched (mlock2(2)): unused ones occupy no memory.
fn lock(region: *mut Region, bytes: usize) -> bool {
    // SAFETY: the mapping is ours, and locking changes none of its bytes.
    let locked = unsafe { rustix::mm::mlock_with(region.cast(), bytes, MlockFlags::ONFAULT) };
    if locked.is_ok() {
        LOCKED.fetch_add(bytes, Relaxed);
    }
    locked.is_ok()
}

/// Takes a region out of the list and returns it to the kernel.
///
/// # Safety
/// The region is in the list, and no code uses its bytes.
unsafe fn unmap(region: *mut Region) {
    // SAFETY: the caller promises that it is mapped; its neighbours are in the list, so they are, too.
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
    // SAFETY: as above. If the kernel refuses, it stays mapped and unused.
    let _ = unsafe { rustix::mm::munmap(region.cast(), bytes) };
}

/// Locks every region that could not be locked when it was mapped. Call under the heap's lock.
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

/// Overwrites everything but the headers.
///
/// # Safety
/// No thread uses the heap after this.
pub(super) unsafe fn overwrite_all() {
    let mut region = NEWEST.load(Relaxed);
    while !region.is_null() {
        // SAFETY: every region in the list is mapped for as many bytes as its header says, and the
        // caller promises that no thread reads them.
        unsafe {
            let Region { next, bytes, .. } = region.read();
            overwrite(payload(region), bytes - HEADER_BYTES);
            region = next;
        }
    }
}

/// Bytes of all mappings, and how many of them are locked.
pub(super) fn size() -> (usize, usize) {
    (MAPPED.load(Relaxed), LOCKED.load(Relaxed))
}
