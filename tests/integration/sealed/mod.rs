//! Sealed rooms through the real programs: who can read what, and what others can do about it.

mod conversation;
pub(crate) mod member;
pub(crate) mod participant;
pub(crate) mod room;
pub(crate) mod transport;
