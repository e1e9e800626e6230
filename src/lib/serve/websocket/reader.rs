//! The reading end of a WebSocket.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroize as _;

use super::decoder::Decoder;
use super::incoming::Incoming;
use crate::process;

/// Bytes per read(2): more than most chat lines have, in an array on the stack.
const CHUNK_BYTES: usize = 4096;

/// Bytes after which the task yields to other sockets: the longest message. With fewer, the lines of
/// one message would go out to all in several pieces.
const BYTES_PER_TURN: usize = 16 * 1024;

/// Time for the client to close its side after our close frame: a browser does it at once.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads the messages of one client. Never writes to the stream, which it shares with the one
/// [`super::Writer`] of the socket.
#[derive(Debug)]
pub(in crate::serve) struct Reader {
    stream: Arc<TcpStream>,
    decoder: Decoder,
    /// Decoded, and not returned yet.
    decoded: std::vec::IntoIter<Incoming>,
    /// Bytes read since the task last waited or yielded.
    bytes_this_turn: usize,
}

impl Reader {
    /// Decodes `early`, the bytes that came behind the handshake, before it reads from the stream.
    pub(super) fn new(stream: Arc<TcpStream>, early: &[u8], max_message_bytes: usize) -> Self {
        let mut decoder = Decoder::new(max_message_bytes);
        let decoded = decoder.decode(early).into_iter();
        Self { stream, decoder, decoded, bytes_this_turn: 0 }
    }

    /// Returns the next message or control frame; `None` when the client is gone. Cancel safe.
    pub(in crate::serve) async fn recv(&mut self) -> Option<Incoming> {
        loop {
            if let Some(incoming) = self.decoded.next() {
                return Some(incoming);
            }
            // Frees the list, which an idle socket would keep.
            self.decoded = Vec::new().into_iter();
            if self.bytes_this_turn >= BYTES_PER_TURN {
                self.bytes_this_turn = 0;
                tokio::task::yield_now().await;
            }
            match std::future::poll_fn(|cx| self.poll_read(cx)).await {
                Ok(0) | Err(_) => return None,
                Ok(CHUNK_BYTES) => self.bytes_this_turn += CHUNK_BYTES,
                Ok(_) => self.bytes_this_turn = 0,
            }
        }
    }

    /// Waits a moment for the client's close frame, after ours. A stream that is dropped with unread bytes is
    /// reset, and the client might not get the code.
    pub(in crate::serve) async fn await_close(&mut self) {
        let closed =
            async { while !matches!(self.recv().await, None | Some(Incoming::Close(_))) {} };
        let _ = timeout(CLOSE_TIMEOUT, closed).await;
    }

    /// Reads and decodes one chunk. Returns its bytes, 0 at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let mut buffer = [0; CHUNK_BYTES];
            let mut short = None;
            let result = self.stream.try_io(Interest::READABLE, || {
                match process::recv(&self.stream, &mut buffer) {
                    // A short read has emptied the socket (epoll(7)). `WouldBlock` tells tokio so: the
                    // next `poll_read_ready` waits, which saves one system call per message.
                    Ok(bytes @ 1..CHUNK_BYTES) => {
                        short = Some(bytes);
                        Err(io::ErrorKind::WouldBlock.into())
                    }
                    other => other,
                }
            });
            match short.map_or(result, Ok) {
                Ok(bytes) => {
                    let chunk = &mut buffer[..bytes];
                    self.decoded = self.decoder.decode(chunk).into_iter();
                    // Nothing else overwrites this part of the stack until the next frame comes.
                    chunk.zeroize();
                    return Poll::Ready(Ok(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
