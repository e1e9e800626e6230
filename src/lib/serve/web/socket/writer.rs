//! The writing end of a socket: the only type that can write to it, and there is one for each. It is
//! not copied but handed over, between the task of the socket and the fan-out, together with the rest
//! of a frame that is begun. So no frame can begin inside another.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::Control;

use super::Heard;
use super::outgoing::{Outgoing, Queue};
use super::reader::OutputState;
use crate::process;

/// Lines handed to the system at a time, which takes 1 024 (`IOV_MAX`). A batch of long lines fills
/// its buffers with fewer, and the list is on the stack.
const SLICES: usize = 64;

/// A reader that does not take a whole batch within this time reads nothing at all.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// A client that was told of the end goes within this time: a browser answers at once.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a frame is not with the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve::web) enum Unsent {
    /// The connection is gone.
    Gone,
    /// Not taken in time.
    TooSlow,
}

/// What became of a frame that was offered to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve::web) enum Offered {
    /// The system took all of it.
    Sent,
    /// The system took a part of it; the writer keeps the rest, and takes nothing more until that is
    /// sent.
    Begun,
    /// The system took nothing: its buffer is full, or the client is gone.
    Refused,
}

/// The one that writes to a socket.
#[derive(Debug)]
pub(in crate::serve::web) struct Writer {
    stream: Arc<TcpStream>,
    queue: Queue,
}

impl Writer {
    /// Writes to the stream. The caller has seen to it that nothing else does.
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self { stream, queue: Queue::default() }
    }

    /// Sends lines as one frame.
    ///
    /// # Errors
    /// [`Unsent`]; only [`Writer::close`] may follow.
    pub(in crate::serve::web) async fn send(&mut self, lines: Vec<Arc<str>>) -> Result<(), Unsent> {
        self.put(Outgoing::text(lines)).await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub(in crate::serve::web) async fn ping(&mut self) -> Result<(), Unsent> {
        self.put(Outgoing::control(Control::Ping, &[])).await
    }

    /// Answers a ping that carried these bytes.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub(in crate::serve::web) async fn pong(&mut self, payload: &[u8]) -> Result<(), Unsent> {
        self.put(Outgoing::control(Control::Pong, payload)).await
    }

    /// Offers a frame, which `whole` is in one piece, without waiting.
    pub(in crate::serve::web) fn offer(&mut self, whole: &[u8], frame: &Outgoing) -> Offered {
        self.queue.offer(whole, frame, |bytes| process::send(&self.stream, bytes))
    }

    /// Sends the rest of what was begun, if there is any.
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub(in crate::serve::web) async fn flush(&mut self) -> Result<(), Unsent> {
        if self.queue.is_empty() {
            return Ok(());
        }
        match timeout(WRITE_TIMEOUT, self.write()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unsent::Gone),
            Err(_) => Err(Unsent::TooSlow),
        }
    }

    /// Says the end, with this code or none, and waits a moment for the client to go: a stream that
    /// is dropped with something unread is reset, and the code may be lost.
    pub(in crate::serve::web) async fn close(
        mut self,
        reader: &mut OutputState,
        code: Option<u16>,
    ) {
        let payload = code.map(u16::to_be_bytes);
        let payload = payload.as_ref().map_or(&[][..], |code| code);
        self.queue.push(Outgoing::control(Control::Close, payload));
        let told = timeout(WRITE_TIMEOUT, self.write()).await;
        if matches!(told, Ok(Ok(()))) && process::shutdown_write(&self.stream).is_ok() {
            let gone =
                async { while !matches!(reader.recv().await, None | Some(Heard::Close(_))) {} };
            let _ = timeout(GOODBYE_TIMEOUT, gone).await;
        }
    }

    async fn put(&mut self, frame: Outgoing) -> Result<(), Unsent> {
        self.queue.push(frame);
        self.flush().await
    }

    async fn write(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_write(cx)).await
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut slots = [IoSlice::new(&[]); SLICES];
            let used = self.queue.next(&mut slots);
            if used == 0 {
                return Poll::Ready(Ok(()));
            }
            match self.stream.try_write_vectored(&slots[..used]) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(written) => self.queue.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_write_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
