//! WebSocket frames (RFC 6455, section 5) of a client, parsed in place. Pure.

/// The opcode of a frame, as far as servers use them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// Text, or the continuation of a text.
    Text,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    /// The opcode in the first two bytes of a frame. A server must not mask frames (section 5.1).
    fn of(first: u8, second: u8) -> Result<Self, String> {
        if second & 0x80 != 0 {
            return Err("a frame is masked".to_owned());
        }
        match first & 0x7f {
            // Continuation and text, with all reserved bits clear.
            0 | 1 => Ok(Self::Text),
            8 => Ok(Self::Close),
            9 => Ok(Self::Ping),
            10 => Ok(Self::Pong),
            other => Err(format!("a frame begins with {other:#04x}, which is not in use here")),
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }
}

/// A part of the payload of one frame.
#[derive(Debug)]
pub(crate) struct PayloadChunk<'a> {
    pub(crate) opcode: Opcode,
    pub(crate) payload: &'a [u8],
    /// Whether the frame ends with this chunk.
    pub(crate) is_last: bool,
}

/// The state of parsing a stream of frames.
#[derive(Debug)]
pub(crate) struct FrameParser {
    /// The received part of an incomplete header.
    head: [u8; 10],
    filled: usize,
    opcode: Opcode,
    /// Bytes of the payload that have not been read.
    unread: u64,
}

impl Default for FrameParser {
    fn default() -> Self {
        Self { head: [0; 10], filled: 0, opcode: Opcode::Text, unread: 0 }
    }
}

impl FrameParser {
    /// Takes the next chunk from the front of `bytes`; `None` when they are used up.
    ///
    /// # Errors
    /// When a server may not send such a frame.
    pub(crate) fn next<'a>(
        &mut self,
        bytes: &mut &'a [u8],
    ) -> Result<Option<PayloadChunk<'a>>, String> {
        if self.unread == 0 && !self.read_header(bytes)? {
            return Ok(None);
        }
        let length = usize::try_from(self.unread).unwrap_or(usize::MAX).min(bytes.len());
        if length == 0 && self.unread > 0 {
            return Ok(None);
        }
        let (payload, rest) = bytes.split_at(length);
        *bytes = rest;
        self.unread -= length as u64;
        Ok(Some(PayloadChunk { opcode: self.opcode, payload, is_last: self.unread == 0 }))
    }

    /// Reads a header; false when it is incomplete.
    fn read_header(&mut self, bytes: &mut &[u8]) -> Result<bool, String> {
        if self.filled == 0
            && let Some((size, length)) = header_and_payload_length(bytes)
        {
            (self.opcode, self.unread) = (Opcode::of(bytes[0], bytes[1])?, length);
            *bytes = &bytes[size..];
            return Ok(true);
        }
        while let Some((first, rest)) = bytes.split_first() {
            self.head[self.filled] = *first;
            self.filled += 1;
            *bytes = rest;
            if let Some((_, length)) = header_and_payload_length(&self.head[..self.filled]) {
                (self.opcode, self.unread) = (Opcode::of(self.head[0], self.head[1])?, length);
                self.filled = 0;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The lengths of a header and of its payload, if the header is complete.
fn header_and_payload_length(bytes: &[u8]) -> Option<(usize, u64)> {
    match bytes {
        [_, 127, a, b, c, d, e, f, g, h, ..] => {
            Some((10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])))
        }
        [_, 126, a, b, ..] => Some((4, u64::from(u16::from_be_bytes([*a, *b])))),
        [_, 126 | 127, ..] | [_] | [] => None,
        [_, length, ..] => Some((2, u64::from(*length))),
    }
}

/// Appends a frame of a client with a payload of at most 64 KiB, masked with zeros: that leaves the
/// payload unchanged, and costs the server the same.
pub(crate) fn write_client_frame(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode.number());
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => out.push(0x80 | short),
        Ok(_) | Err(_) => {
            let length =
                u16::try_from(payload.len()).expect("no message here is longer than 64 KiB");
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
}
