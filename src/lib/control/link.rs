//! The lifeline: a socketpair made before the child. The child holds its end as standard input,
//! so no path names it, nobody else can open it, and the kernel closes it whoever dies how.

use std::io::Write as _;
use std::marker::PhantomData;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Duration, timeout};

use super::frame::{self, FrameError};

/// How long a message may wait for a peer that does not read: beyond any pause of a living program.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Messages of type `T` from the other side.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    reader: BufReader<OwnedReadHalf>,
    buffer: Vec<u8>,
    carries: PhantomData<fn() -> T>,
}

/// Messages of type `T` to the other side. Dropping it closes this direction.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    writer: OwnedWriteHalf,
    carries: PhantomData<fn(T)>,
}

/// Makes a lifeline: the supervisor's end, and the end that becomes the child's standard input.
///
/// # Errors
/// When the system has no descriptors left.
pub(crate) fn pair<Receive, Send>() -> std::io::Result<(Inbox<Receive>, Outbox<Send>, OwnedFd)> {
    let (ours, theirs) = StdStream::pair()?;
    let (inbox, outbox) = open(ours)?;
    Ok((inbox, outbox, theirs.into()))
}

/// The child's end, taken from standard input.
///
/// # Errors
/// When standard input is not a socket, that is, when nobody supervises.
pub(crate) fn from_stdin<Receive, Send>() -> std::io::Result<(Inbox<Receive>, Outbox<Send>)> {
    let end = std::io::stdin().as_fd().try_clone_to_owned()?;
    open(StdStream::from(end))
}

/// Writes one message to the lifeline on standard input, for a program without a runtime.
///
/// # Errors
/// As [`Outbox::send`].
pub(crate) fn send_blocking(message: &impl Serialize) -> Result<(), FrameError> {
    let mut end = blocking()?;
    end.set_write_timeout(Some(SEND_TIMEOUT))?;
    end.write_all(&frame::line(message)?)?;
    Ok(())
}

/// Waits for one message on the lifeline on standard input, for a program without a runtime. `None`
/// when it ends without one, or with what is none.
pub(crate) fn recv_blocking<T: DeserializeOwned>() -> Option<T> {
    frame::first(&blocking().ok()?)
}

fn blocking() -> std::io::Result<StdStream> {
    Ok(StdStream::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}

fn open<Receive, Send>(stream: StdStream) -> std::io::Result<(Inbox<Receive>, Outbox<Send>)> {
    stream.set_nonblocking(true)?;
    let (reader, writer) = UnixStream::from_std(stream)?.into_split();
    let inbox = Inbox { reader: BufReader::new(reader), buffer: Vec::new(), carries: PhantomData };
    Ok((inbox, Outbox { writer, carries: PhantomData }))
}

impl<T: DeserializeOwned> Inbox<T> {
    /// The next message; `None` once the other side is gone. Safe to cancel: nothing is lost.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] leaves the channel usable, the others do not.
    pub(crate) async fn recv(&mut self) -> Result<Option<T>, FrameError> {
        frame::read(&mut self.reader, &mut self.buffer).await
    }
}

impl<T: Serialize> Outbox<T> {
    /// Sends one message.
    ///
    /// # Errors
    /// When the other side is gone, or has not read for two seconds.
    pub(crate) async fn send(&mut self, message: &T) -> Result<(), FrameError> {
        match timeout(SEND_TIMEOUT, frame::write(&mut self.writer, message)).await {
            Ok(sent) => sent,
            Err(_) => Err(FrameError::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}
