//! A client's end of a stream, which writes and reads at the same time: a server that waits for its
//! answers to be taken must not find us waiting for it to read.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::harness::DEADLINE;
use crate::strict::{Frame, Strict};

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By a close frame with this code.
    Closed(Option<u16>),
    /// Without a word.
    Cut,
    /// The upgrade was answered with this status.
    Status(u16),
    /// Nothing came for as long as anything may take.
    Silent,
    /// What came is no stream of frames.
    Breach(String),
}

/// Writes `bytes` and reads until `take` is content with what came.
///
/// # Errors
/// [`End::Cut`] when the other side is gone, [`End::Silent`], and those of `take`.
pub(crate) fn exchange<T>(
    stream: &mut (impl AsFd + Read + Write),
    mut bytes: &[u8],
    mut take: impl FnMut(&[u8]) -> Result<Option<T>, End>,
) -> Result<T, End> {
    let mut buffer = vec![0; 64 * 1024];
    let mut end = Instant::now() + DEADLINE;
    loop {
        let mut wanted = PollFlags::POLLIN;
        wanted.set(PollFlags::POLLOUT, !bytes.is_empty());
        let mut polled = [PollFd::new(stream.as_fd(), wanted)];
        let _ = poll(&mut polled, PollTimeout::from(1_000u16));
        let events = polled[0].revents().unwrap_or(PollFlags::empty());
        if events.contains(PollFlags::POLLOUT) {
            match stream.write(bytes) {
                Ok(written) => {
                    bytes = &bytes[written..];
                    end = Instant::now() + DEADLINE;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // What it said before may still be there.
                Err(_) => bytes = &[],
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(End::Cut),
            Ok(read) => {
                end = Instant::now() + DEADLINE;
                if let Some(enough) = take(&buffer[..read])? {
                    return Ok(enough);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Err(End::Cut),
        }
        if Instant::now() > end {
            return Err(End::Silent);
        }
    }
}

/// A connection to the room, nothing of which waits.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the room listens");
    stream.set_nonblocking(true).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A WebSocket whose every byte goes through the strict reader.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    strict: Strict,
}

impl Wire {
    /// Opens one.
    ///
    /// # Errors
    /// When it is not answered with 101.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, End> {
        let mut stream = connect(address);
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut head = Vec::new();
        let rest = exchange(&mut stream, request.as_bytes(), |bytes| {
            head.extend_from_slice(bytes);
            Ok(head.windows(4).position(|four| four == b"\r\n\r\n"))
        })? + 4;
        let status = std::str::from_utf8(head.get(9..12).unwrap_or_default());
        match status.ok().and_then(|status| status.parse().ok()) {
            Some(101) => {}
            Some(status) => return Err(End::Status(status)),
            None => return Err(End::Breach(String::from_utf8_lossy(&head).into_owned())),
        }
        let mut strict = Strict::default();
        strict.feed(&head[rest..]);
        Ok(Self { stream, strict })
    }

    /// Writes `bytes`, and reads up to the first frame for which `wanted` gives something.
    ///
    /// # Errors
    /// When the stream is over, or what came is no stream of frames.
    pub(crate) fn until<T>(
        &mut self,
        bytes: &[u8],
        mut wanted: impl FnMut(Frame<'_>) -> Option<T>,
    ) -> Result<T, End> {
        let Self { stream, strict } = self;
        let mut look = |strict: &mut Strict| loop {
            match strict.next().map_err(End::Breach)? {
                None => return Ok(None),
                Some(Frame::Close(code)) => return Err(End::Closed(code)),
                Some(frame) => {
                    if let Some(found) = wanted(frame) {
                        return Ok(Some(found));
                    }
                }
            }
        };
        if let Some(found) = look(strict)? {
            return Ok(found);
        }
        exchange(stream, bytes, |more| {
            strict.feed(more);
            look(strict)
        })
    }

    /// Writes `bytes`, and takes everything up to the end.
    pub(crate) fn rest(&mut self, bytes: &[u8]) -> End {
        let Err(end) = self.until(bytes, |_| None::<std::convert::Infallible>);
        end
    }

    /// Takes what is there, without waiting.
    ///
    /// # Errors
    /// As [`Wire::until`].
    pub(crate) fn ready(&mut self, mut each: impl FnMut(Frame<'_>)) -> Result<(), End> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.strict.next().map_err(End::Breach)? {
                Some(Frame::Close(code)) => return Err(End::Closed(code)),
                Some(frame) => {
                    each(frame);
                    continue;
                }
                None => {}
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(End::Cut),
                Ok(read) => self.strict.feed(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(End::Cut),
            }
        }
    }
}

/// A client's frame (RFC 6455, section 5.2) with this first byte, and this mask.
pub(crate) fn frame(to: &mut Vec<u8>, first: u8, mask: [u8; 4], payload: &[u8]) {
    to.push(first);
    match u16::try_from(payload.len()) {
        Ok(short @ 0..=125) => to.push(0x80 | short.to_be_bytes()[1]),
        Ok(long) => {
            to.push(0x80 | 126);
            to.extend(long.to_be_bytes());
        }
        Err(_) => {
            to.push(0x80 | 127);
            to.extend((payload.len() as u64).to_be_bytes());
        }
    }
    to.extend(mask);
    to.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}
