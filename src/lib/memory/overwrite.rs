//! Overwriting memory in a way that the compiler cannot leave out.

/// Overwrites bytes that no code will read.
///
/// # Safety
/// They may be written to, and no other code uses them.
pub(super) unsafe fn overwrite(memory: *mut u8, bytes: usize) {
    // SAFETY: the caller promises it. The empty instruction may read the bytes, as far as the
    // compiler knows, so it cannot leave the writing out.
    unsafe {
        memory.write_bytes(0, bytes);
        std::arch::asm!("/* {0} */", in(reg) memory, options(nostack, preserves_flags, readonly));
    }
}

/// Overwrites what returned functions left on the stack of this thread: parts of names that were
/// compared, measured or escaped. To be called from `main`, after its work.
#[inline(never)]
pub(crate) fn overwrite_stack() {
    /// The event loops of our programs reach 60 KiB deep in a build without optimisation.
    const DEPTH_BYTES: usize = 256 * 1024;
    let mut unused = [0_u8; DEPTH_BYTES];
    // The compiler must assume that this is read.
    std::hint::black_box(&mut unused);
}
