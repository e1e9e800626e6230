//! One connection of the floor: a request for the page, or a WebSocket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use super::PAGE_BYTES;
use crate::load::{ACCEPT, KEY};

/// Most that waits for a receiver who takes nothing; more, and it is cut off.
const BEHIND_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of a client's mask.
const MASK: usize = 4;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Messages, or a part of something.
    Nothing,
    /// It is a receiver from now on.
    Handshake,
    /// It is over.
    Over,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    is_socket: bool,
    is_cut: bool,
    /// The beginning of something.
    inbox: Vec<u8>,
    /// What the kernel did not take.
    behind: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, is_socket: false, is_cut: false, inbox: Vec::new(), behind: Vec::new() }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Writes, after what waits.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let mut sent = 0;
        while self.behind.is_empty() && sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return,
            }
        }
        if self.behind.len() + bytes.len() - sent > BEHIND_BYTES {
            self.behind.clear();
            self.is_cut = true;
            let _ = self.stream.shutdown(std::net::Shutdown::Both);
        } else if !self.is_cut {
            self.behind.extend_from_slice(&bytes[sent..]);
        }
    }

    /// Writes what waits; true when nothing is left.
    pub(super) fn catch_up(&mut self) -> std::io::Result<bool> {
        let behind = std::mem::take(&mut self.behind);
        self.write(&behind);
        Ok(self.behind.is_empty())
    }

    /// Reads once. Messages are appended to `batch`, as frames for receivers.
    pub(super) fn hear(
        &mut self,
        buffer: &mut [u8],
        batch: &mut Vec<u8>,
        begins: &mut Vec<usize>,
    ) -> Heard {
        let length = match self.stream.read(buffer) {
            Ok(0) => return Heard::Over,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Heard::Nothing,
            Err(_) => return Heard::Over,
        };
        if !self.is_socket {
            self.inbox.extend_from_slice(&buffer[..length]);
            return self.request();
        }
        if self.inbox.is_empty() {
            let taken = frames(&buffer[..length], batch, begins);
            return taken.map_or(Heard::Over, |taken| {
                self.inbox.extend_from_slice(&buffer[taken..length]);
                Heard::Nothing
            });
        }
        self.inbox.extend_from_slice(&buffer[..length]);
        match frames(&self.inbox, batch, begins) {
            Some(taken) => {
                self.inbox.drain(..taken);
                Heard::Nothing
            }
            None => Heard::Over,
        }
    }

    /// Answers a request, once it is whole.
    fn request(&mut self) -> Heard {
        let text = String::from_utf8_lossy(&self.inbox);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { return Heard::Nothing };
        if head.starts_with("GET / ") {
            let page = "x".repeat(PAGE_BYTES);
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {PAGE_BYTES}\r\nConnection: close\r\n\r\n{page}"
            );
            self.write(answer.as_bytes());
            return Heard::Over;
        }
        if !head.contains(KEY) {
            self.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
            return Heard::Over;
        }
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        self.write(answer.as_bytes());
        self.inbox = Vec::new();
        self.is_socket = true;
        Heard::Handshake
    }
}

/// Turns whole frames of a client into frames for receivers, and says how many bytes it took; `None`
/// when one is not a short text, which is how a client ends it.
fn frames(bytes: &[u8], batch: &mut Vec<u8>, begins: &mut Vec<usize>) -> Option<usize> {
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
        let end = size + MASK + length;
        if rest.len() < end {
            return Some(taken);
        }
        begins.push(batch.len());
        batch.push(first);
        batch.push(rest[1] & 0x7f);
        batch.extend_from_slice(&rest[2..size]);
        let (mask, at) = (&rest[size..size + MASK], batch.len());
        batch.extend_from_slice(&rest[size + MASK..end]);
        for (number, byte) in batch[at..].iter_mut().enumerate() {
            *byte ^= mask[number % MASK];
        }
        taken += end;
    }
}
