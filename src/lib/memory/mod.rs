//! The heap of our programs, which overwrites memory as it is freed. It lies in regions that are kept
//! out of core dumps and locked as far as the system allows, and it is overwritten as a whole when a
//! process exits.
//!
//! The heap does this and not single types, because no type of ours owns every copy of a text: the old
//! buffer of a `Vec` that grew, a number parsed from JSON, what a library reads. The allocator sees all
//! of them.
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
