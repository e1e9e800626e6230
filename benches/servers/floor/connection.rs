//! One connection of the floor: a request for the page, or a WebSocket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use crate::load::{ACCEPT, KEY};

/// About as large as the page of chattrace.
pub(in crate::servers) const PAGE_BYTES: usize = 16 * 1024;

/// Unsent bytes of a client that does not read; beyond this it is disconnected.
const MAX_UNSENT_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of the mask in a client's frame.
const MASK_BYTES: usize = 4;

/// The outcome of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    /// The connection goes on, with or without new messages.
    Open,
    /// The handshake is complete: the connection gets messages from now on.
    Upgraded,
    /// The connection is over.
    Closed,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    is_websocket: bool,
    is_shut_down: bool,
    /// An incomplete request or frame.
    inbox: Vec<u8>,
    /// Bytes that the kernel did not take.
    unsent: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            is_websocket: false,
            is_shut_down: false,
            inbox: Vec::new(),
            unsent: Vec::new(),
        }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Writes, after the bytes that are still unsent.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let mut sent = 0;
        while self.unsent.is_empty() && sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return,
            }
        }
        if self.unsent.len() + bytes.len() - sent > MAX_UNSENT_BYTES {
            self.unsent.clear();
            self.is_shut_down = true;
            let _ = self.stream.shutdown(std::net::Shutdown::Both);
        } else if !self.is_shut_down {
            self.unsent.extend_from_slice(&bytes[sent..]);
        }
    }

    /// Writes the unsent bytes; true when none are left.
    pub(super) fn write_unsent(&mut self) -> std::io::Result<bool> {
        let unsent = std::mem::take(&mut self.unsent);
        self.write(&unsent);
        Ok(self.unsent.is_empty())
    }

    /// Reads once. Messages are appended to `batch` as frames for clients, and their positions to
    /// `starts`.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        batch: &mut Vec<u8>,
        starts: &mut Vec<usize>,
    ) -> ReadOutcome {
        let length = match self.stream.read(buffer) {
            Ok(0) => return ReadOutcome::Closed,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return ReadOutcome::Open,
            Err(_) => return ReadOutcome::Closed,
        };
        if !self.is_websocket {
            self.inbox.extend_from_slice(&buffer[..length]);
            return self.handle_request();
        }
        if self.inbox.is_empty() {
            let taken = convert_frames(&buffer[..length], batch, starts);
            return taken.map_or(ReadOutcome::Closed, |taken| {
                self.inbox.extend_from_slice(&buffer[taken..length]);
                ReadOutcome::Open
            });
        }
        self.inbox.extend_from_slice(&buffer[..length]);
        match convert_frames(&self.inbox, batch, starts) {
            Some(taken) => {
                self.inbox.drain(..taken);
                ReadOutcome::Open
            }
            None => ReadOutcome::Closed,
        }
    }

    /// Responds to a request when it is complete.
    fn handle_request(&mut self) -> ReadOutcome {
        let text = String::from_utf8_lossy(&self.inbox);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { return ReadOutcome::Open };
        if head.starts_with("GET / ") {
            let page = "x".repeat(PAGE_BYTES);
            let response = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {PAGE_BYTES}\r\nConnection: close\r\n\r\n{page}"
            );
            self.write(response.as_bytes());
            return ReadOutcome::Closed;
        }
        if !head.contains(KEY) {
            self.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
            return ReadOutcome::Closed;
        }
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        self.write(response.as_bytes());
        self.inbox = Vec::new();
        self.is_websocket = true;
        ReadOutcome::Upgraded
    }
}

/// Turns the complete frames of a client into frames of a server and returns how many bytes they
/// took; `None` for a frame that is not a short text, such as the close frame.
fn convert_frames(bytes: &[u8], batch: &mut Vec<u8>, starts: &mut Vec<usize>) -> Option<usize> {
    let mut taken = 0;
    loop {
        let rest = &bytes[taken..];
        let (first, length, size) = match rest {
            [_, 0xfe, high, low, ..] => {
                (rest[0], usize::from(u16::from_be_bytes([*high, *low])), 4)
            }
            [_, 0xfe, ..] | [_] | [] => return Some(taken),
            [_, short, ..] => (rest[0], usize::from(*short & 0x7f), 2),
        };
        if first != 0x81 || rest[1] == 0xff {
            return None;
        }
        let end = size + MASK_BYTES + length;
        if rest.len() < end {
            return Some(taken);
        }
        starts.push(batch.len());
        batch.push(first);
        batch.push(rest[1] & 0x7f);
        batch.extend_from_slice(&rest[2..size]);
        let (mask, at) = (&rest[size..size + MASK_BYTES], batch.len());
        batch.extend_from_slice(&rest[size + MASK_BYTES..end]);
        for (number, byte) in batch[at..].iter_mut().enumerate() {
            *byte ^= mask[number % MASK_BYTES];
        }
        taken += end;
    }
}
