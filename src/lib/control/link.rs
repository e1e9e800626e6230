//! The lifeline: a socketpair that the supervisor makes before it starts a service. The service holds
//! its end as standard input, so no path leads to it, no other process can open it, and the kernel
//! closes it however either side dies.

use std::io::Write as _;
use std::marker::PhantomData;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Duration, timeout};

use super::frame::{self, FrameError};

/// How long a message may wait for a peer that does not read: longer than any pause of a healthy one.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes to read at once: more than most messages have.
const CHUNK_BYTES: usize = 4096;

/// Receives messages of type `T`.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    stream: OwnedReadHalf,
    /// Lines that have arrived, the last of them in part. No line stays here once it is received: the host of
    /// an open room announces texts, and freed memory is overwritten.
    received: Vec<u8>,
    message: PhantomData<fn() -> T>,
}

/// Sends messages of type `T`. Dropping it closes this direction.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    writer: OwnedWriteHalf,
    message: PhantomData<fn(T)>,
}

/// Makes a lifeline: the supervisor's two halves, and the end for the service's standard input.
///
/// # Errors
/// When the system has no descriptors left.
pub(crate) fn pair<Receive, Send>() -> std::io::Result<(Inbox<Receive>, Outbox<Send>, OwnedFd)> {
    let (ours, theirs) = StdStream::pair()?;
    let (inbox, outbox) = open(ours)?;
    Ok((inbox, outbox, theirs.into()))
}

/// The service's end, which is its standard input.
///
/// # Errors
/// When standard input is not a socket: no supervisor started this program.
pub(crate) fn from_stdin<Receive, Send>() -> std::io::Result<(Inbox<Receive>, Outbox<Send>)> {
    open(stdin_socket()?)
}

/// [`Outbox::send`] on standard input, for a program without a runtime.
///
/// # Errors
/// As [`Outbox::send`], and when standard input is not a socket.
pub(crate) fn send_blocking(message: &impl Serialize) -> Result<(), FrameError> {
    let mut socket = stdin_socket()?;
    socket.set_write_timeout(Some(SEND_TIMEOUT))?;
    socket.write_all(&frame::encode(message)?)?;
    Ok(())
}

/// Waits for one message on standard input, for a program without a runtime. `None` when the peer
/// closes first, or sends a line that is no message.
pub(crate) fn recv_blocking<T: DeserializeOwned>() -> Option<T> {
    frame::read_blocking(&stdin_socket().ok()?)
}

fn stdin_socket() -> std::io::Result<StdStream> {
    Ok(StdStream::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}

fn open<Receive, Send>(stream: StdStream) -> std::io::Result<(Inbox<Receive>, Outbox<Send>)> {
    stream.set_nonblocking(true)?;
    let (reader, writer) = UnixStream::from_std(stream)?.into_split();
    let inbox = Inbox { stream: reader, received: Vec::new(), message: PhantomData };
    Ok((inbox, Outbox { writer, message: PhantomData }))
}

impl<T: DeserializeOwned> Inbox<T> {
    /// Receives the next message; `None` once the peer has closed. Cancel safe.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] leaves the channel usable, the others do not.
    pub(crate) async fn recv(&mut self) -> Result<Option<T>, FrameError> {
        loop {
            if let Some(line) = frame::take_line(&mut self.received)? {
                return Ok(Some(frame::parse(&line)?));
            }
            self.received.reserve(CHUNK_BYTES);
            if self.stream.read_buf(&mut self.received).await? == 0 {
                // The sender may have died before it finished a line.
                return Ok(None);
            }
        }
    }
}

impl<T: Serialize> Outbox<T> {
    /// Sends one message.
    ///
    /// # Errors
    /// When the peer has closed, or has not read for two seconds.
    pub(crate) async fn send(&mut self, message: &T) -> Result<(), FrameError> {
        match timeout(SEND_TIMEOUT, frame::write(&mut self.writer, message)).await {
            Ok(sent) => sent,
            Err(_) => Err(FrameError::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}
