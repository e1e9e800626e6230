//! The wire protocol, version 1: JSON objects, one per line. README.md documents it for users.

mod heard;
#[cfg(test)]
mod heard_tests;
mod refused;
mod told;
mod welcome;

pub(super) use heard::FromClient;
pub(in crate::serve) use heard::REFERENCE_BYTES;
pub(super) use refused::{Refused, Why};
pub(in crate::serve) use told::news;
pub(super) use told::{beat, end};
pub(super) use welcome::welcome;

use crate::serve::hub::Encoding;

/// How the room speaks in this protocol.
pub(in crate::serve) const ENCODING: Encoding =
    Encoding { event: told::encode, somebody: welcome::somebody };

/// Longest frame or body from a client. A message of 4 096 bytes fits, whatever JSON escapes in it.
pub(super) const FRAME_BYTES: usize = 16 * 1024;
