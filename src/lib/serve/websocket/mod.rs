//! A WebSocket after its handshake (RFC 6455): frames on a TCP stream, and nothing kept.
//!
//! No library lets its buffers be emptied, and a buffer that stays keeps the last words that went
//! through it. So nothing is buffered here: bytes are read into a piece of the stack that is
//! overwritten at once, and lines are written from where the ring has them.

mod decoder;
#[cfg(test)]
mod decoder_tests;
mod handshake;
mod incoming;
mod outgoing;
mod reader;
mod writer;

use std::sync::Arc;

use tokio::net::TcpStream;

pub(super) use self::handshake::Handshake;
pub(super) use self::incoming::{Broken, Heard};
pub(super) use self::outgoing::Outgoing;
#[cfg(test)]
pub(super) use self::outgoing::Queue;
pub(super) use self::reader::OutputState;
pub(super) use self::writer::{Offered, Unsent, Writer};

/// Both ends of a stream that has become a socket, which speaks with the bytes that came `early`,
/// behind the handshake, and whose messages are of `most` bytes at most.
fn open(stream: TcpStream, early: &[u8], most: usize) -> (OutputState, Writer) {
    let stream = Arc::new(stream);
    (OutputState::new(Arc::clone(&stream), early, most), Writer::new(stream))
}
