//! The reading end of a socket. Bytes are read into a piece of the stack that is overwritten at once.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::Interest;
use tokio::net::TcpStream;
use zeroize::Zeroize as _;

use super::decoder::Decoder;
use super::heard::Heard;
use crate::process;

/// Bytes read at a time: a chat line is short.
const MAX_CHUNK_MEMBERS: usize = 4096;

/// Bytes after which other sockets have their turn: as many as the longest message. After less, what
/// is said in one message would be told to all in pieces.
const TURN: usize = 16 * 1024;

/// What a client says, frame by frame. There is one for each socket.
#[derive(Debug)]
pub(in crate::serve::web) struct OutputState {
    /// Shared with the one [`super::Writer`] of this socket. Never written to from here.
    stream: Arc<TcpStream>,
    decoder: Decoder,
    /// Read, and not asked for yet.
    heard: std::vec::IntoIter<Heard>,
    /// Bytes read without a pause.
    turn: usize,
}

impl OutputState {
    /// Reads from the stream, after the bytes that came `early`, behind the handshake. Messages are
    /// of `most` bytes at most.
    pub(super) fn new(stream: Arc<TcpStream>, early: &[u8], most: usize) -> Self {
        let mut decoder = Decoder::new(most);
        let heard = decoder.take(early).into_iter();
        Self { stream, decoder, heard, turn: 0 }
    }

    /// The next frame or message; `None`: the client is gone. Safe to cancel.
    pub(in crate::serve::web) async fn recv(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.heard.next() {
                return Some(heard);
            }
            // The list itself is memory, too.
            self.heard = Vec::new().into_iter();
            if self.turn >= TURN {
                self.turn = 0;
                tokio::task::yield_now().await;
            }
            match std::future::poll_fn(|cx| self.poll_chunk(cx)).await {
                Ok(0) | Err(_) => return None,
                Ok(MAX_CHUNK_MEMBERS) => self.turn += MAX_CHUNK_MEMBERS,
                Ok(_) => self.turn = 0,
            }
        }
    }

    /// Reads one chunk, and says of how many bytes; 0 is the end.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let mut space = [0; MAX_CHUNK_MEMBERS];
            let mut short = None;
            let read = self.stream.try_io(Interest::READABLE, || {
                match process::recv(&self.stream, &mut space) {
                    // There was no more (epoll(7)), which we need not ask: the next look waits.
                    Ok(read @ 1..MAX_CHUNK_MEMBERS) => {
                        short = Some(read);
                        Err(io::ErrorKind::WouldBlock.into())
                    }
                    other => other,
                }
            });
            match short.map_or(read, Ok) {
                Ok(read) => {
                    let chunk = &mut space[..read];
                    self.heard = self.decoder.take(chunk).into_iter();
                    // Until the next frame comes, nothing else overwrites the stack below us.
                    chunk.zeroize();
                    return Poll::Ready(Ok(read));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
