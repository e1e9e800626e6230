//! A WebSocket (RFC 6455): frames in and out of a TCP stream. Knows nothing of the room.
//!
//! No WebSocket library lets its buffers be emptied, and a buffer that lives as long as its connection
//! keeps the last messages that went through it. So this module has none: bytes are read into an array
//! on the stack that is overwritten at once, and lines are written from the ring's own memory.

mod decoder;
#[cfg(test)]
mod decoder_tests;
mod handshake;
mod incoming;
mod outgoing;
mod reader;
mod writer;

pub(super) use self::handshake::{HandshakeError, accept, open};
pub(super) use self::incoming::{Incoming, ProtocolError};
#[cfg(test)]
pub(super) use self::outgoing::SendQueue;
pub(super) use self::outgoing::{OutgoingFrame, SendOutcome};
pub(super) use self::reader::Reader;
pub(super) use self::writer::{SendError, Writer};
