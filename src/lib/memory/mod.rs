//! The heap of our programs. It overwrites memory as it is freed, and all of it at exit. Its regions
//! are kept out of core dumps, and locked as far as the system allows.
//!
//! Single types cannot do this, because none owns every copy of a text: the old buffer of a `Vec` that
//! grew, a number parsed from JSON, the buffer of a library. The allocator sees all of them.
//!
//! The only module with `unsafe` in it.

#![expect(unsafe_code, reason = "an allocator, and the calls that map and lock its memory")]

mod executable;
mod heap;
mod lock;
mod overwrite;
mod regions;
#[cfg(test)]
mod tests;

pub(crate) use executable::{make_executable, map_executable};
pub(crate) use heap::wipe_and_exit;
pub(crate) use lock::{LockedMemory, lock_in_ram};
pub(crate) use overwrite::overwrite_stack;
