//! Trying to get memory that can be run. A process that is confined is refused; what is left of a
//! success is given back.

use std::io;
use std::ptr::null_mut;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Any size does; the kernel rounds up to whole pages.
const BYTES: usize = 4096;

/// Maps memory that can be run from its beginning.
///
/// # Errors
/// With the kernel's refusal (mmap(2)).
pub(crate) fn map_executable() -> io::Result<()> {
    map(ProtFlags::READ | ProtFlags::EXEC).and_then(unmap)
}

/// Maps memory for data and lets it be run afterwards.
///
/// # Errors
/// With the kernel's refusal (mprotect(2)).
pub(crate) fn make_executable() -> io::Result<()> {
    let memory = map(ProtFlags::READ | ProtFlags::WRITE)?;
    let run = MprotectFlags::READ | MprotectFlags::EXEC;
    // SAFETY: the mapping is ours, and nobody uses it.
    let made = unsafe { mprotect(memory, BYTES, run) };
    unmap(memory)?;
    Ok(made?)
}

fn map(protection: ProtFlags) -> io::Result<*mut std::ffi::c_void> {
    // SAFETY: a new mapping, where the kernel chooses; it overlaps nothing.
    Ok(unsafe { mmap_anonymous(null_mut(), BYTES, protection, MapFlags::PRIVATE) }?)
}

fn unmap(memory: *mut std::ffi::c_void) -> io::Result<()> {
    // SAFETY: only called with what `map` gave, once, and nobody uses it.
    Ok(unsafe { munmap(memory, BYTES) }?)
}
