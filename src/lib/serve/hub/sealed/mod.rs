//! A room that the server relays and cannot read: people are numbers, and what they say is bytes. The
//! supervisor, called *host* here, decides who is let in, and draws the keys.
//!
//! No file of this folder names a text, a name or a ticket, or imports from the folder of open rooms:
//! `tests/integration/layering/` holds them to it.

mod generation;
mod handshake;
mod knock;
mod knocks;
#[cfg(test)]
mod knocks_tests;
mod lobby;
mod relay;
mod remove;
mod reply;
mod resume;
mod room;
mod say;
mod waiters;
#[cfg(test)]
mod waiters_tests;

pub(in crate::serve) use knock::{Answered, Knock, KnockEnd, KnockReply};
pub(in crate::serve) use knocks::{MAX_KNOCKS_IN_FLIGHT, MAX_KNOCKS_WAITING, MAX_REQUESTS};
pub(in crate::serve) use lobby::FoundKnock;
pub(in crate::serve) use resume::{Resumed, ReturnReply};
pub(super) use room::SealedRoom;
pub(in crate::serve) use waiters::MAX_KEPT_DECISIONS;
