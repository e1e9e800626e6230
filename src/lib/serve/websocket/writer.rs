//! The writing end of a WebSocket.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::outgoing::{OutgoingFrame, SendOutcome, SendQueue};
use crate::process;

/// Slices per writev(2), which takes up to 1 024 (`IOV_MAX`). They are on the stack, and fewer lines of
/// full length fill the kernel's buffer.
const MAX_SLICES: usize = 64;

/// A client that does not take a whole frame within this time does not read at all.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a frame did not reach the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum SendError {
    /// The stream failed or was closed by the client.
    Disconnected,
    /// The client did not take a frame within 20 s.
    TimedOut,
}

/// The only type that can write to the socket, and there is one per socket: it is not cloned but
/// handed over, between the task of the socket and the fan-out, together with the rest of a frame that
/// is partly sent. So no frame can begin inside another.
#[derive(Debug)]
pub(in crate::serve) struct Writer {
    stream: Arc<TcpStream>,
    queue: SendQueue,
}

impl Writer {
    /// Makes the one writer of a stream; the caller makes no second.
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self { stream, queue: SendQueue::default() }
    }

    /// Sends lines as one text frame.
    ///
    /// # Errors
    /// [`SendError`]; only [`Writer::send_close`] may follow.
    pub(in crate::serve) async fn send(&mut self, lines: Vec<Arc<str>>) -> Result<(), SendError> {
        self.send_frame(OutgoingFrame::text(lines)).await
    }

    /// Sends a ping, to keep the connection alive and to see whether it is.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub(in crate::serve) async fn ping(&mut self) -> Result<(), SendError> {
        self.send_frame(OutgoingFrame::ping()).await
    }

    /// Answers a ping with its own payload.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub(in crate::serve) async fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_frame(OutgoingFrame::pong(payload)).await
    }

    /// Sends a frame without waiting, by one write(2); `bytes` is the same frame in one piece.
    pub(in crate::serve) fn try_send(
        &mut self,
        bytes: &[u8],
        frame: &OutgoingFrame,
    ) -> SendOutcome {
        self.queue.try_send(bytes, frame, |bytes| process::send(&self.stream, bytes))
    }

    /// Sends whole frames without waiting, by one write(2), as the last that is sent. Nothing is sent if the
    /// rest of another frame waits: they would lie inside it.
    pub(in crate::serve) fn send_last(self, bytes: &[u8]) {
        if self.queue.is_empty() {
            // An error means that the client is gone or does not read.
            let _ = process::send(&self.stream, bytes);
        }
    }

    /// Sends the rest of a partly sent frame, if there is one.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub(in crate::serve) async fn flush(&mut self) -> Result<(), SendError> {
        if self.queue.is_empty() {
            return Ok(());
        }
        match timeout(WRITE_TIMEOUT, self.write_all()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(SendError::Disconnected),
            Err(_) => Err(SendError::TimedOut),
        }
    }

    /// Sends a close frame with this status code, or none, as the last frame. False if the client is gone
    /// or does not read.
    pub(in crate::serve) async fn send_close(mut self, code: Option<u16>) -> bool {
        self.queue.push(OutgoingFrame::close(code));
        let sent = timeout(WRITE_TIMEOUT, self.write_all()).await;
        matches!(sent, Ok(Ok(()))) && process::shutdown_write(&self.stream).is_ok()
    }

    async fn send_frame(&mut self, frame: OutgoingFrame) -> Result<(), SendError> {
        self.queue.push(frame);
        self.flush().await
    }

    async fn write_all(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_write(cx)).await
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let used = self.queue.fill(&mut slices);
            if used == 0 {
                return Poll::Ready(Ok(()));
            }
            match self.stream.try_write_vectored(&slices[..used]) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(bytes) => self.queue.advance(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_write_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
