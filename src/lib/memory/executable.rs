//! Attempts to get executable memory, for the self test of the sandbox: the kernel must refuse both in
//! a confined process. Memory that it grants is unmapped again.

use std::io;
use std::ptr::null_mut;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// The kernel rounds up to whole pages.
const BYTES: usize = 4096;

/// Maps memory that is executable from the start.
///
/// # Errors
/// When the kernel refuses (mmap(2)).
pub(crate) fn map_executable() -> io::Result<()> {
    map(ProtFlags::READ | ProtFlags::EXEC).and_then(unmap)
}

/// Maps writable memory and makes it executable afterwards.
///
/// # Errors
/// When the kernel refuses (mprotect(2)).
pub(crate) fn make_executable() -> io::Result<()> {
    let memory = map(ProtFlags::READ | ProtFlags::WRITE)?;
    let executable = MprotectFlags::READ | MprotectFlags::EXEC;
    // SAFETY: the mapping is ours and unused.
    let made = unsafe { mprotect(memory, BYTES, executable) };
    unmap(memory)?;
    Ok(made?)
}

fn map(protection: ProtFlags) -> io::Result<*mut std::ffi::c_void> {
    // SAFETY: a new mapping, where the kernel chooses; it overlaps nothing.
    Ok(unsafe { mmap_anonymous(null_mut(), BYTES, protection, MapFlags::PRIVATE) }?)
}

fn unmap(memory: *mut std::ffi::c_void) -> io::Result<()> {
    // SAFETY: called once, with an unused mapping from `map`.
    Ok(unsafe { munmap(memory, BYTES) }?)
}
