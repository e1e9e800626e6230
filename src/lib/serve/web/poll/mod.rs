//! The room over long polls, for networks that block WebSockets.

mod answer;
mod entrance;
mod handshake;
mod open;
mod parked;
mod route;

pub(super) use answer::ANSWER_FLUSH_BYTES;
pub(super) use parked::{ClientInput, ParkedPoll, ParkingSlot, discard_input};
pub(super) use route::poll;
