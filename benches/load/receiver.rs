//! One participant: its connection, from the handshake to being in step with all others.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use super::frame::{Frames, Opcode, client_frame};
use super::message::{Dialect, leading};
use super::order::Place;

/// The sample of RFC 6455, section 1.3: nobody here has to compute a digest.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What every server must make of it.
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Ends a text that is said again and again until everybody has got one: whoever has is a receiver.
pub(super) const READY: &[u8] = b"[ready]";

/// Ends the last text before those that are counted.
pub(super) const GO: &[u8] = b"[go]";

/// Bytes at the end of a frame in which one of the two is found, whatever closes the line.
const TAIL: usize = 12;

/// How far a participant has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Stage {
    /// Waits for the answer to the handshake.
    Shaking,
    /// Has it, and has not said who it is.
    Shaken,
    /// Waits to be welcomed.
    Welcomed,
    /// In, and counts nothing yet.
    Lobby,
    /// In, and knows that others hear of it.
    Ready,
    /// Everything that comes is compared.
    InStep,
    /// The server has said goodbye, or the line is cut.
    Gone,
}

/// One participant.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) stream: TcpStream,
    pub(super) frames: Frames,
    pub(super) stage: Stage,
    pub(super) place: Place,
    /// The number in the room.
    pub(super) n: u64,
    /// The counter of its next message.
    pub(super) counter: u64,
    /// What is to be sent, of which `sent` bytes are.
    outbox: Vec<u8>,
    sent: usize,
    /// The beginning of an answer, of a welcome, or of a control frame.
    text: Vec<u8>,
    tail: [u8; TAIL],
}

impl Receiver {
    /// A participant whose handshake is on its way.
    pub(super) fn new(stream: TcpStream, handshake: &[u8]) -> Self {
        Self {
            stream,
            frames: Frames::default(),
            stage: Stage::Shaking,
            place: Place::default(),
            n: 0,
            counter: 0,
            outbox: handshake.to_vec(),
            sent: 0,
            text: Vec::new(),
            tail: [0; TAIL],
        }
    }

    /// Where what it says next is to be written.
    pub(super) fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    /// Writes what is to be sent; false if the kernel did not take all.
    pub(super) fn flush(&mut self) -> Result<bool, String> {
        while self.sent < self.outbox.len() {
            match self.stream.write(&self.outbox[self.sent..]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot be written to: {error}")),
            }
        }
        self.outbox.clear();
        self.sent = 0;
        Ok(true)
    }

    /// Reads once; `None` when there is nothing more to read now, 0 at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        loop {
            match self.stream.read(buffer) {
                Ok(length) => return Some(length),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Cut: the end, too.
                Err(_) => return Some(0),
            }
        }
    }

    /// Takes the answer to the handshake from the front of `bytes`.
    pub(super) fn shake(&mut self, bytes: &mut &[u8], dialect: Dialect) -> Result<(), String> {
        while !self.text.ends_with(b"\r\n\r\n") {
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            self.text.push(*first);
            *bytes = rest;
        }
        let answer = String::from_utf8_lossy(&self.text);
        if !answer.starts_with("HTTP/1.1 101") || !answer.contains(ACCEPT) {
            let line = answer.lines().next().unwrap_or_default();
            return Err(format!("the handshake was answered with {line:?}"));
        }
        self.text = Vec::new();
        self.stage = match dialect {
            Dialect::Relay | Dialect::RelayAsMuch => Stage::Lobby,
            Dialect::Room => Stage::Shaken,
        };
        Ok(())
    }

    /// Takes a piece of text from before everybody is in step.
    pub(super) fn listen(&mut self, payload: &[u8], is_last: bool) -> Result<(), String> {
        self.keep_tail(payload);
        match self.stage {
            Stage::Welcomed => {
                // What is asked for stands at the front; the roster after it is long.
                let room = 256_usize.saturating_sub(self.text.len());
                self.text.extend(&payload[..payload.len().min(room)]);
                if is_last {
                    self.n = number(&self.text).ok_or_else(|| {
                        let text = String::from_utf8_lossy(&self.text);
                        format!("expected a welcome, got {text:?}")
                    })?;
                    self.text = Vec::new();
                    self.stage = Stage::Lobby;
                }
            }
            Stage::Lobby | Stage::Ready if is_last => {
                if self.ends_with(GO) {
                    self.stage = Stage::InStep;
                } else if self.ends_with(READY) {
                    self.stage = Stage::Ready;
                }
            }
            Stage::Shaking
            | Stage::Shaken
            | Stage::Lobby
            | Stage::Ready
            | Stage::InStep
            | Stage::Gone => {}
        }
        Ok(())
    }

    fn keep_tail(&mut self, payload: &[u8]) {
        let kept = payload.len().min(TAIL);
        self.tail.rotate_left(kept);
        self.tail[TAIL - kept..].copy_from_slice(&payload[payload.len() - kept..]);
    }

    fn ends_with(&self, mark: &[u8]) -> bool {
        self.tail.windows(mark.len()).any(|window| window == mark)
    }

    /// Takes a piece of a frame that is not text: a ping is answered, a close ends it.
    pub(super) fn control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        is_last: bool,
    ) -> Result<(), String> {
        self.text.extend(payload);
        if !is_last {
            return Ok(());
        }
        let payload = std::mem::take(&mut self.text);
        match opcode {
            Opcode::Ping => client_frame(Opcode::Pong, &payload, &mut self.outbox),
            Opcode::Close => {
                client_frame(Opcode::Close, &payload, &mut self.outbox);
                self.stage = Stage::Gone;
                self.text = payload;
            }
            Opcode::Pong | Opcode::Text => {}
        }
        self.flush().map(drop)
    }

    /// Whether the server has said goodbye.
    pub(super) fn was_sent_away(&self) -> bool {
        self.stage == Stage::Gone && !self.text.is_empty()
    }

    /// How the server ended it, in words.
    pub(super) fn farewell(&self) -> String {
        match &*self.text {
            [a, b, reason @ ..] => {
                let code = u16::from_be_bytes([*a, *b]);
                format!("was sent away with {code} {:?}", String::from_utf8_lossy(reason))
            }
            [..] => "was cut off".to_owned(),
        }
    }
}

/// The number of whoever is welcomed.
fn number(welcome: &[u8]) -> Option<u64> {
    const BEFORE: &[u8] = b"\"you\":{\"n\":";
    if !welcome.starts_with(b"{\"t\":\"welcome\"") {
        return None;
    }
    let at = welcome.windows(BEFORE.len()).position(|window| window == BEFORE)?;
    leading(&welcome[at + BEFORE.len()..]).map(|(number, _)| number)
}
