//! Sealed rooms, protocol `chattrace-1`: what is said can be read by those who are in the room, and by
//! nobody else.
//!
//! Pure: no I/O, no clock, no randomness. Keys and times are arguments; [`SecretBytes::generate`] draws
//! keys.

mod author;
mod counters;
mod derivation;
mod envelope;
mod guest;
mod host;
mod key_ring;
mod knock;
mod letter;
mod noise;
mod padding;
mod roster;
mod sealed_box;
mod signing;
#[cfg(test)]
mod tests;

pub use crate::box_head::{BoxHead, HEAD_BYTES, PADDED_BYTES, TAG_BYTES};
pub use crate::secret_bytes::SecretBytes;
pub use author::SealError;
pub use derivation::{RoomKey, Ticket};
pub use guest::{Change, Changed, Circle, Guest, Received, Said, Violation};
pub use host::{Generation, HostKeys, HostSession, Request, RequestError, WrongTicket};
pub use key_ring::MAX_SEALING_AGE;
pub use knock::{Answered, Applicant, Knock, Welcome};
pub use letter::LETTER_BYTES;
pub use noise::{MESSAGE_1_BYTES, MESSAGE_2_BYTES};
pub use padding::{MAX_CONTENT_BYTES, TooLong};
pub use roster::{Entry, HOST_NUMBER, HOST_TAG, MAX_PARTICIPANTS, circle_hash};
pub use sealed_box::{BadBox, Content, Kind, MAX_TEXT_BYTES};
