//! The wire protocol, version 1: JSON objects, one per line. README.md documents it for users.

mod heard;
#[cfg(test)]
mod heard_tests;
mod refused;
mod told;

pub(super) use heard::FromClient;
pub(in crate::serve) use heard::REFERENCE_BYTES;
pub(super) use refused::{Refused, Why};
pub(in crate::serve) use told::encode;
pub(super) use told::{beat, end, news, welcome};

/// Longest frame or body from a client. A message of 4 096 bytes fits, whatever JSON escapes in it.
pub(super) const FRAME_BYTES: usize = 16 * 1024;
