//! The wire protocol, version 1: JSON objects, one per line, in both directions. docs/protocol.md
//! documents it for the authors of clients.
//!
//! Pure: text in, values out, and back. A transport (WebSocket frames, the bodies of long polls)
//! carries the lines and does not look into them.

mod client;
#[cfg(test)]
mod client_tests;
mod orders;
mod refusal;
mod sealed;
mod sealed_box;
mod server;
mod waiting;
mod welcome;

pub(crate) use client::{ClientMessage, MAX_REFERENCE_BYTES};
pub(crate) use orders::{RulesView, announced_line, cleared_line, rules_line, unmuted_line};
pub(crate) use refusal::{Refusal, RefusalCode};
pub(crate) use sealed::{
    SealedWelcome, answer_line, box_line, keys_line, roster_part_json, sealed_moved_line,
    sealed_refusal_line, sealed_resumed_line,
};
pub(crate) use sealed_box::SealedBox;
pub(crate) use server::{
    beat_line, end_line, event_line, gap_line, participant_json, removed_line, typing_line,
};
pub(crate) use waiting::waiting_line;
pub(crate) use welcome::{RoomTerms, Welcome};

/// Longest WebSocket message or request body from a client. A message of 4 096 bytes fits even if JSON
/// has a backslash before every character of it. Only control characters take more, six bytes each, and
/// a message with one is refused. A longer one closes the socket, or is answered with status 413.
pub(crate) const MAX_FRAME_BYTES: usize = 16 * 1024;
