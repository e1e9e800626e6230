//! Sealed rooms through the real programs: who can read what, and what others can do about it.

mod attacks;
pub(crate) mod bare;
mod conversation;
mod double;
mod explained;
mod hostile_boxes;
mod hostile_guests;
mod hostile_relay;
pub(crate) mod member;
pub(crate) mod participant;
pub(crate) mod recorder;
mod recording;
pub(crate) mod room;
pub(crate) mod transport;
