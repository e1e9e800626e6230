//! Sends what is new in the room to all sockets: one pass over them, one write(2) for each.
//!
//! System calls cost most; next comes the work for each receiver: waking a task, looking up a seat,
//! pointing at each line. So for a socket that keeps up, the fan-out does nothing but the write, of
//! bytes that all sockets share. The task of a socket that does not keep up reclaims its writer and
//! goes on at its own pace.

mod pass;
mod subscribers;
mod write_owner;
#[cfg(test)]
mod write_owner_tests;

pub(super) use pass::{MAX_FRAMES, run};
pub(super) use subscribers::{FanOut, Subscription};
