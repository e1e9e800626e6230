//! WebSocket frames (RFC 6455, section 5) as a client sees them: parsed where they lie. Pure.

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// Text; what continues it counts as the same.
    Text,
    /// The end, with a code and a reason.
    Close,
    /// "Are you there?"
    Ping,
    /// The answer to it.
    Pong,
}

impl Opcode {
    /// Of the first two bytes of a frame. Servers mask nothing.
    fn of(first: u8, second: u8) -> Result<Self, String> {
        if second & 0x80 != 0 {
            return Err("a frame is masked".to_owned());
        }
        match first & 0x7f {
            // Continuation and text, without reserved bits.
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
pub(crate) struct Piece<'a> {
    pub(crate) opcode: Opcode,
    pub(crate) payload: &'a [u8],
    /// Whether the frame ends with it.
    pub(crate) is_last: bool,
}

/// Where the reader of a stream of frames stands.
#[derive(Debug)]
pub(crate) struct Frames {
    /// The beginning of a header that is not complete.
    head: [u8; 10],
    filled: usize,
    opcode: Opcode,
    /// Bytes of the payload that are to come.
    left: u64,
}

impl Default for Frames {
    fn default() -> Self {
        Self { head: [0; 10], filled: 0, opcode: Opcode::Text, left: 0 }
    }
}

impl Frames {
    /// Takes the next piece from the front of `bytes`; `None` when there is none left.
    ///
    /// # Errors
    /// When it is not a frame that a server may send.
    pub(crate) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Piece<'a>>, String> {
        if self.left == 0 && !self.header(bytes)? {
            return Ok(None);
        }
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        if length == 0 && self.left > 0 {
            return Ok(None);
        }
        let (payload, rest) = bytes.split_at(length);
        *bytes = rest;
        self.left -= length as u64;
        Ok(Some(Piece { opcode: self.opcode, payload, is_last: self.left == 0 }))
    }

    /// Reads a header; false when it is not all there.
    fn header(&mut self, bytes: &mut &[u8]) -> Result<bool, String> {
        if self.filled == 0
            && let Some((size, length)) = measured(bytes)
        {
            (self.opcode, self.left) = (Opcode::of(bytes[0], bytes[1])?, length);
            *bytes = &bytes[size..];
            return Ok(true);
        }
        while let Some((first, rest)) = bytes.split_first() {
            self.head[self.filled] = *first;
            self.filled += 1;
            *bytes = rest;
            if let Some((_, length)) = measured(&self.head[..self.filled]) {
                (self.opcode, self.left) = (Opcode::of(self.head[0], self.head[1])?, length);
                self.filled = 0;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The sizes of a header and of its payload, if all of it is there.
fn measured(bytes: &[u8]) -> Option<(usize, u64)> {
    match bytes {
        [_, 127, a, b, c, d, e, f, g, h, ..] => {
            Some((10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])))
        }
        [_, 126, a, b, ..] => Some((4, u64::from(u16::from_be_bytes([*a, *b])))),
        [_, 126 | 127, ..] | [_] | [] => None,
        [_, length, ..] => Some((2, u64::from(*length))),
    }
}

/// Appends a client's frame, masked with zeros: the payload, at most 64 KiB of it, is not changed by
/// that, and the server has the same work with it.
pub(crate) fn client_frame(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode.number());
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => out.push(0x80 | short),
        Ok(_) | Err(_) => {
            let length = u16::try_from(payload.len()).expect("nobody here says more than 64 KiB");
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
}
