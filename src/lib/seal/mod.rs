//! Sealed rooms, protocol `chattrace-1`: what is said can be read by those who are in the room, and by
//! no one else. The *host* has the keys of the room; what lies between it and the *guests* (the relay, the
//! provider of the tunnel) passes on bytes that it cannot open.
//!
//! Pure: no I/O, no clock, no randomness. Keys and times are arguments; [`SecretBytes::generate`] draws
//! keys. Values are bytes; in JSON they are base64url in the canonical form.
//!
//! | step | guest | host |
//! |---|---|---|
//! | handshake, `Noise_NXpsk0_25519_AESGCM_SHA256` | [`Knock::new`], [`Knock::open_answer`] | [`LinkKeys::answer`] |
//! | request | [`Answered::request`] | [`HostSession::open_request`] |
//! | refusal, or | [`Applicant::open_refusal`] | [`HostSession::seal_refusal`] |
//! | welcome: a letter, and the whole roster | [`Applicant::welcome`] | [`HostSession::letter`], [`Generation::seal_parts`] |
//! | each change of the circle of people | [`Guest::change`] | [`Generation::new`], a letter for each |
//! | boxes: what is said | [`Guest::seal_message`], [`Guest::open_box`] | [`HostKeys::seal_box`] |
//! | after an absence | [`Guest::return_to_present`] | a letter and a roster again |
//!
//! **One key per circle.** Each change of those who are in begins a *generation*, with a new [`RoomKey`] and
//! a letter for each of them: an authenticated message in their own session, with the key, the
//! [hash of the roster](circle_hash), and the time. So those who were in when something was said read it,
//! and know who that is; who came later or was removed does not.
//!
//! **What a nonce is used for.** AES-GCM loses all it promises when a nonce is used twice under one key.
//! Boxes have a counter for each author, under a key for each author; parts of a roster have an index, which
//! [`Generation`] counts; a letter has its generation, and the only other message to a guest, the refusal,
//! ends the session.
//!
//! **Errors.** A [`Violation`] is something that the host did not do: the client says so, and ends. A
//! [`BadBox`] is shown in its place. Neither changes what a guest knows. No error, and no `Debug`, has a key,
//! a name or a text in it. Keys are overwritten when they are dropped.
//!
//! | bound | |
//! |---|---|
//! | [`MAX_PARTICIPANTS`] | 1000 in a room |
//! | [`MAX_TEXT_BYTES`] | 8121 bytes in a box, [`MAX_CONTENT_BYTES`] in anything that is padded |
//! | [`MAX_SEALING_AGE`] | 15 minutes: no guest seals in an older generation |
//!
//! Sources: Noise protocol framework, revision 34 (5.1 transport messages, 7.5 pattern NX, 9 pre-shared
//! keys); RFC 7748 (X25519), RFC 8032 (Ed25519), RFC 5869 (HKDF), NIST SP 800-38D (AES-GCM).

mod author;
mod circle;
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
mod violation;

pub use crate::box_head::{BoxHead, HEAD_BYTES, PADDED_BYTES, TAG_BYTES};
pub use crate::secret_bytes::SecretBytes;
pub use author::SealError;
pub use circle::{Change, Changed, Circle, Welcome};
pub use derivation::{RoomKey, Ticket};
pub use guest::{Guest, Received, Said};
pub use host::{Generation, HostKeys, HostSession, LinkKeys, Request, RequestError, WrongTicket};
pub use key_ring::MAX_SEALING_AGE;
pub use knock::{Answered, Applicant, Knock};
pub use letter::LETTER_BYTES;
pub use noise::{MESSAGE_1_BYTES, MESSAGE_2_BYTES};
pub use padding::{MAX_CONTENT_BYTES, TooLong};
pub use roster::{Entry, HOST_NUMBER, HOST_TAG, MAX_PARTICIPANTS, circle_hash};
pub use sealed_box::{BadBox, Content, Kind, MAX_TEXT_BYTES};
pub use violation::Violation;
