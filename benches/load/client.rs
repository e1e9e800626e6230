//! One client: its connection, from the handshake until its messages are counted.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use chattrace::seal::BoxHead;

use super::delivery_log::Cursor;
use super::effect::Effect;
use super::frame::{FrameParser, Opcode, write_client_frame};
use super::message::{Protocol, leading_number};
use super::sealed::SealedJoin;

/// The sample key of RFC 6455, section 1.3: with a fixed key no digest has to be computed.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The `Sec-WebSocket-Accept` that every server derives from [`KEY`].
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The end of a message that is repeated until every client has received it.
pub(super) const READY: &[u8] = b"[ready]";

/// The end of the last message before those that are counted.
pub(super) const GO: &[u8] = b"[go]";

/// The last seven characters of a box that ends with [`READY`], and with `.` and [`GO`].
const SEALED_MARKS: [&[u8]; 2] = [b"ZWFkeV0", b"Lltnb10"];

/// Bytes at the end of a frame that contain the mark: the mark itself, and the end of the line.
const TAIL_BYTES: usize = 12;

/// Bytes of a welcome that are kept: the number of the client is at the front, and a long list of
/// participants follows it.
const WELCOME_BYTES: usize = 256;

/// The state of a client. States only advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum ClientState {
    /// Waits for the response to the handshake.
    Handshaking,
    /// The handshake is complete; the join is not sent.
    Upgraded,
    /// Waits for the welcome.
    Joining,
    /// In the lobby: waits for the welcome still.
    Waiting,
    /// In the room; counts nothing yet.
    Joined,
    /// Has received [`READY`], so messages reach it.
    Ready,
    /// Has received [`GO`]: every byte from here on is compared.
    Counting,
    /// The connection is closed.
    Closed,
}

/// One client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) stream: TcpStream,
    pub(super) frames: FrameParser,
    pub(super) state: ClientState,
    pub(super) cursor: Cursor,
    /// The number of the participant in the room.
    pub(super) n: u64,
    /// The counter of its next message.
    pub(super) counter: u64,
    /// The head of its next box, in a sealed room.
    pub(super) head: BoxHead,
    /// Its handshake, in a sealed room.
    pub(super) sealed_join: Option<SealedJoin>,
    /// Whether it has no use for what its welcome says.
    pub(super) skips_welcome: bool,
    /// Generations of a sealed room of which it was told before it counted, and the bytes of those lines.
    pub(super) keys: (u64, u64),
    /// Whether it looks at each line before it counts.
    pub(super) reads_lines: bool,
    /// The line that it looks for.
    pub(super) effect: Option<Effect>,
    /// Whether the server may refuse or remove it.
    pub(super) may_be_closed: bool,
    /// Why it was refused.
    pub(super) refusal: Option<String>,
    /// Bytes to send, of which the first `sent` are sent.
    pub(super) outbox: Vec<u8>,
    sent: usize,
    /// The received part of the handshake response, the welcome or a control frame; after a close
    /// frame its payload.
    pub(super) partial: Vec<u8>,
    tail: [u8; TAIL_BYTES],
}

impl Client {
    /// A client that is about to send its handshake.
    pub(super) fn new(stream: TcpStream, handshake: &[u8]) -> Self {
        Self {
            stream,
            frames: FrameParser::default(),
            state: ClientState::Handshaking,
            cursor: Cursor::default(),
            n: 0,
            counter: 0,
            head: BoxHead { generation: 0, number: 0, counter: 0 },
            sealed_join: None,
            skips_welcome: false,
            keys: (0, 0),
            reads_lines: false,
            effect: None,
            may_be_closed: false,
            refusal: None,
            outbox: handshake.to_vec(),
            sent: 0,
            partial: Vec::new(),
            tail: [0; TAIL_BYTES],
        }
    }

    /// The buffer to which frames are appended for the next [`Self::flush`].
    pub(super) fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    /// Writes the outbox; false if the kernel did not take all of it.
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

    /// Reads once; `None` when the socket is empty, 0 at the end of the stream.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        loop {
            match self.stream.read(buffer) {
                Ok(length) => return Some(length),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A reset counts as the end of the stream.
                Err(_) => return Some(0),
            }
        }
    }

    /// Takes the response to the handshake from the front of `bytes`.
    pub(super) fn handshake(
        &mut self,
        bytes: &mut &[u8],
        protocol: Protocol,
    ) -> Result<(), String> {
        while !self.partial.ends_with(b"\r\n\r\n") {
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            self.partial.push(*first);
            *bytes = rest;
        }
        let response = String::from_utf8_lossy(&self.partial);
        if !response.starts_with("HTTP/1.1 101") || !response.contains(ACCEPT) {
            let line = response.lines().next().unwrap_or_default();
            return Err(format!("the handshake was answered with {line:?}"));
        }
        self.partial = Vec::new();
        self.state = match protocol {
            Protocol::Relay | Protocol::PaddedRelay => ClientState::Joined,
            Protocol::Room | Protocol::SealedRoom => ClientState::Upgraded,
        };
        Ok(())
    }

    /// Handles a part of a text frame from before the messages are counted.
    pub(super) fn handle_text(&mut self, payload: &[u8], is_last: bool) -> Result<(), String> {
        self.keep_tail(payload);
        if self.reads_lines && self.state < ClientState::Counting {
            return self.handle_lines(payload, is_last);
        }
        match self.state {
            ClientState::Joining => {
                let room = WELCOME_BYTES.saturating_sub(self.partial.len());
                self.partial.extend(&payload[..payload.len().min(room)]);
                if is_last {
                    self.n = own_number(&self.partial).ok_or_else(|| {
                        let text = String::from_utf8_lossy(&self.partial);
                        format!("expected a welcome, got {text:?}")
                    })?;
                    self.partial = Vec::new();
                    self.state = ClientState::Joined;
                }
            }
            ClientState::Joined | ClientState::Ready if is_last => self.look_for_marks(),
            ClientState::Handshaking
            | ClientState::Upgraded
            | ClientState::Waiting
            | ClientState::Joined
            | ClientState::Ready
            | ClientState::Counting
            | ClientState::Closed => {}
        }
        Ok(())
    }

    pub(super) fn look_for_marks(&mut self) {
        let [ready, go] = SEALED_MARKS;
        if self.ends_with(GO) || self.ends_with(go) {
            self.state = ClientState::Counting;
        } else if self.ends_with(READY) || self.ends_with(ready) {
            self.state = ClientState::Ready;
        }
    }

    fn keep_tail(&mut self, payload: &[u8]) {
        let kept = payload.len().min(TAIL_BYTES);
        self.tail.rotate_left(kept);
        self.tail[TAIL_BYTES - kept..].copy_from_slice(&payload[payload.len() - kept..]);
    }

    fn ends_with(&self, mark: &[u8]) -> bool {
        self.tail.windows(mark.len()).any(|window| window == mark)
    }

    /// Handles a part of a control frame: answers a ping, echoes a close.
    pub(super) fn handle_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        is_last: bool,
    ) -> Result<(), String> {
        self.partial.extend(payload);
        if !is_last {
            return Ok(());
        }
        let payload = std::mem::take(&mut self.partial);
        match opcode {
            Opcode::Ping => write_client_frame(Opcode::Pong, &payload, &mut self.outbox),
            Opcode::Close => {
                write_client_frame(Opcode::Close, &payload, &mut self.outbox);
                self.state = ClientState::Closed;
                self.partial = payload;
            }
            Opcode::Pong | Opcode::Text => {}
        }
        self.flush().map(drop)
    }

    /// Whether the server sent a close frame.
    pub(super) fn was_closed_by_server(&self) -> bool {
        self.state == ClientState::Closed && !self.partial.is_empty()
    }

    /// How the connection ended, in words.
    pub(super) fn close_reason(&self) -> String {
        match &*self.partial {
            [a, b, reason @ ..] => {
                let code = u16::from_be_bytes([*a, *b]);
                format!("was closed with {code} {:?}", String::from_utf8_lossy(reason))
            }
            [..] => "was disconnected without a close frame".to_owned(),
        }
    }
}

/// The number that a welcome gives to its recipient.
pub(super) fn own_number(welcome: &[u8]) -> Option<u64> {
    const BEFORE: &[u8] = b"\"you\":{\"n\":";
    if !welcome.starts_with(b"{\"t\":\"welcome\"") {
        return None;
    }
    let at = welcome.windows(BEFORE.len()).position(|window| window == BEFORE)?;
    leading_number(&welcome[at + BEFORE.len()..]).map(|(number, _)| number)
}
