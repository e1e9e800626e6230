//! A WebSocket after its handshake (RFC 6455): frames on a TCP stream, and nothing kept.
//!
//! No library lets its buffers be emptied, and a buffer that stays keeps the last words that went
//! through it. So nothing is buffered here: bytes are read into a piece of the stack that is
//! overwritten at once, and lines are written from where the ring has them.

mod decoder;
#[cfg(test)]
mod decoder_tests;
mod handshake;
mod heard;
mod outgoing;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::Control;
use zeroize::Zeroize as _;

use self::decoder::Decoder;
use crate::process;

pub(super) use self::handshake::Handshake;
pub(super) use self::heard::{Broken, Heard};
pub(super) use self::outgoing::Outgoing;

/// Bytes read at a time: a chat line is short.
const CHUNK: usize = 4096;

/// Bytes after which whoever goes on has had their turn: as many as the longest message. After less,
/// those who say much at once would be told to all in pieces.
const TURN: usize = 16 * 1024;

/// Lines handed to the system at a time, which takes 1 024 (`IOV_MAX`). A batch of long lines fills
/// its buffers with fewer, and the list is on the stack.
const SLICES: usize = 64;

/// A reader that does not take a whole batch within this time reads nothing at all.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// A client that was told of the end goes within this time: a browser answers at once.
const LINGER: Duration = Duration::from_secs(1);

/// Why a frame is not with the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// There is nobody any more.
    Gone,
    /// Not taken in time.
    TooSlow,
}

/// The server's end.
#[derive(Debug)]
pub(super) struct Socket {
    /// Shared with the fan-out, which writes as well: never while a frame is `unsent`.
    stream: Arc<TcpStream>,
    decoder: Decoder,
    /// Read, and not asked for yet.
    heard: std::vec::IntoIter<Heard>,
    /// Bytes read without a pause.
    turn: usize,
    /// Frames of which the first may be begun. What is sent in its middle would be taken for a part
    /// of it.
    unsent: Vec<Outgoing>,
}

impl Socket {
    /// Takes a stream over, with the bytes that came `early`, behind the handshake. Messages are of
    /// `most` bytes at most.
    fn new(stream: TcpStream, early: &[u8], most: usize) -> Self {
        let mut decoder = Decoder::new(most);
        let heard = decoder.take(early).into_iter();
        let stream = Arc::new(stream);
        Self { stream, decoder, heard, turn: 0, unsent: Vec::new() }
    }

    /// The next from the client; `None`: it is gone. Safe to cancel.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.heard.next() {
                return Some(heard);
            }
            // The list itself is memory, too.
            self.heard = Vec::new().into_iter();
            // Whoever floods us has had a turn.
            if self.turn >= TURN {
                self.turn = 0;
                tokio::task::yield_now().await;
            }
            match std::future::poll_fn(|cx| self.poll_chunk(cx)).await {
                Ok(0) | Err(_) => return None,
                Ok(CHUNK) => self.turn += CHUNK,
                Ok(_) => self.turn = 0,
            }
        }
    }

    /// What the fan-out writes to. Nothing may be unsent then.
    pub(super) fn stream(&self) -> Arc<TcpStream> {
        Arc::clone(&self.stream)
    }

    /// A frame was begun on the stream by somebody else; it is finished before anything else is sent.
    pub(super) fn finish(&mut self, begun: Outgoing) {
        self.unsent.push(begun);
    }

    /// Sends lines as one frame.
    ///
    /// # Errors
    /// [`Unsent`]; only [`Socket::close`] may follow.
    pub(super) async fn send(&mut self, lines: Vec<Arc<str>>) -> Result<(), Unsent> {
        self.put(Outgoing::text(lines)).await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub(super) async fn ping(&mut self) -> Result<(), Unsent> {
        self.put(Outgoing::control(Control::Ping, &[])).await
    }

    /// Answers a ping that carried these bytes.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub(super) async fn pong(&mut self, payload: &[u8]) -> Result<(), Unsent> {
        self.put(Outgoing::control(Control::Pong, payload)).await
    }

    /// Says the end, with this code or none, and waits a moment for the client to go: a stream that
    /// is dropped with something unread is reset, and the code may be lost.
    pub(super) async fn close(&mut self, code: Option<u16>) {
        let payload = code.map(u16::to_be_bytes);
        let goodbye = async {
            let payload = payload.as_ref().map_or(&[][..], |code| code);
            self.unsent.push(Outgoing::control(Control::Close, payload));
            self.flush().await.ok()?;
            // The fan-out has let go of it by now.
            Arc::get_mut(&mut self.stream)?.shutdown().await.ok()
        };
        let told = timeout(WRITE_PATIENCE, goodbye).await;
        if told == Ok(Some(())) {
            let gone =
                async { while !matches!(self.hear().await, None | Some(Heard::Close(_))) {} };
            let _ = timeout(LINGER, gone).await;
        }
    }

    /// Sends the rest of a frame that was begun, if there is any.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub(super) async fn settle(&mut self) -> Result<(), Unsent> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        match timeout(WRITE_PATIENCE, self.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unsent::Gone),
            Err(_) => Err(Unsent::TooSlow),
        }
    }

    async fn put(&mut self, frame: Outgoing) -> Result<(), Unsent> {
        self.unsent.push(frame);
        self.settle().await
    }

    async fn flush(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_flush(cx)).await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(frame) = self.unsent.first_mut() {
            let mut slots = [IoSlice::new(&[]); SLICES];
            let used = frame.next(&mut slots);
            if used == 0 {
                self.unsent.remove(0);
                continue;
            }
            match self.stream.try_write_vectored(&slots[..used]) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(written) => frame.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_write_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        // The list itself is memory, too.
        self.unsent = Vec::new();
        Poll::Ready(Ok(()))
    }

    /// Reads one chunk, and says of how many bytes; 0 is the end.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let mut space = [0; CHUNK];
            let mut short = None;
            let read = self.stream.try_io(Interest::READABLE, || {
                match process::receive(&self.stream, &mut space) {
                    // There was no more (epoll(7)), which we need not ask: the next look waits.
                    Ok(read @ 1..CHUNK) => {
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
                    // The stack below us is not overwritten by anything for as long as nobody speaks.
                    chunk.zeroize();
                    return Poll::Ready(Ok(read));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
