//! The client's end of a connection. It writes and reads at the same time: a server that waits
//! until its answers are read must not find the client waiting until its input is read.

use std::convert::Infallible;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::harness::DEADLINE;
use crate::harness::strict_reader::{Frame, StrictReader};

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    /// A close frame with this code.
    CloseFrame(Option<u16>),
    /// EOF or an error, without a close frame.
    Eof,
    /// The server answered the upgrade with this status.
    Status(u16),
    /// The server neither wrote nor read for as long as the deadline.
    Timeout,
    /// The server broke the protocol.
    Violation(String),
}

/// Writes `bytes`, and reads until `take` returns a value.
///
/// # Errors
/// [`StreamEnd::Eof`], [`StreamEnd::Timeout`], and the errors of `take`.
pub(crate) fn write_and_read<T>(
    stream: &mut (impl AsFd + Read + Write),
    mut bytes: &[u8],
    mut take: impl FnMut(&[u8]) -> Result<Option<T>, StreamEnd>,
) -> Result<T, StreamEnd> {
    let mut buffer = vec![0; 64 * 1024];
    let mut deadline = Instant::now() + DEADLINE;
    loop {
        let mut wanted = PollFlags::POLLIN;
        wanted.set(PollFlags::POLLOUT, !bytes.is_empty());
        let mut polled = [PollFd::new(stream.as_fd(), wanted)];
        let timeout = PollTimeout::try_from(deadline.saturating_duration_since(Instant::now()));
        let _ = poll(&mut polled, timeout.expect("the deadline is a minute away"));
        let events = polled[0].revents().unwrap_or(PollFlags::empty());
        if events.contains(PollFlags::POLLOUT) {
            match stream.write(bytes) {
                Ok(written) => {
                    bytes = &bytes[written..];
                    deadline = Instant::now() + DEADLINE;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // What the server wrote before is still read.
                Err(_) => bytes = &[],
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(StreamEnd::Eof),
            Ok(read) => {
                deadline = Instant::now() + DEADLINE;
                if let Some(value) = take(&buffer[..read])? {
                    return Ok(value);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Err(StreamEnd::Eof),
        }
        if Instant::now() > deadline {
            return Err(StreamEnd::Timeout);
        }
    }
}

/// A non-blocking connection to the room.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the room listens");
    stream.set_nonblocking(true).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A WebSocket; a [`StrictReader`] checks everything that the server sends.
#[derive(Debug)]
pub(crate) struct WebSocket {
    pub(crate) stream: TcpStream,
    reader: StrictReader,
}

impl WebSocket {
    /// Connects and upgrades.
    ///
    /// # Errors
    /// When the answer is not 101.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, StreamEnd> {
        let mut stream = connect(address);
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut head = Vec::new();
        let rest = write_and_read(&mut stream, request.as_bytes(), |bytes| {
            head.extend_from_slice(bytes);
            Ok(head.windows(4).position(|four| four == b"\r\n\r\n"))
        })? + 4;
        let status = std::str::from_utf8(head.get(9..12).unwrap_or_default());
        match status.ok().and_then(|status| status.parse().ok()) {
            Some(101) => {}
            Some(status) => return Err(StreamEnd::Status(status)),
            None => return Err(StreamEnd::Violation(String::from_utf8_lossy(&head).into_owned())),
        }
        let mut reader = StrictReader::default();
        reader.feed(&head[rest..]);
        Ok(Self { stream, reader })
    }

    /// Writes `bytes`, and reads up to the first frame from which `take` returns a value.
    ///
    /// # Errors
    /// The end of the connection.
    pub(crate) fn send_until<T>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Frame<'_>) -> Option<T>,
    ) -> Result<T, StreamEnd> {
        let Self { stream, reader } = self;
        let mut take_frames = |reader: &mut StrictReader| loop {
            match reader.next_frame().map_err(StreamEnd::Violation)? {
                None => return Ok(None),
                Some(Frame::Close(code)) => return Err(StreamEnd::CloseFrame(code)),
                Some(frame) => {
                    if let Some(value) = take(frame) {
                        return Ok(Some(value));
                    }
                }
            }
        };
        if let Some(value) = take_frames(reader)? {
            return Ok(value);
        }
        write_and_read(stream, bytes, |more| {
            reader.feed(more);
            take_frames(reader)
        })
    }

    /// Reads everything up to the end of the connection.
    pub(crate) fn read_to_end(&mut self) -> StreamEnd {
        let Err(end) = self.send_until(&[], |_| None::<Infallible>);
        end
    }

    /// Reads the frames that have arrived, without waiting.
    ///
    /// # Errors
    /// The end of the connection.
    pub(crate) fn read_available(
        &mut self,
        mut each: impl FnMut(Frame<'_>),
    ) -> Result<(), StreamEnd> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.reader.next_frame().map_err(StreamEnd::Violation)? {
                Some(Frame::Close(code)) => return Err(StreamEnd::CloseFrame(code)),
                Some(frame) => {
                    each(frame);
                    continue;
                }
                None => {}
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(StreamEnd::Eof),
                Ok(read) => self.reader.feed(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(StreamEnd::Eof),
            }
        }
    }
}

/// Appends a masked frame (RFC 6455, section 5.2). `first` is its first byte: FIN, reserved bits,
/// opcode.
pub(crate) fn write_frame(to: &mut Vec<u8>, first: u8, mask: [u8; 4], payload: &[u8]) {
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
