//! The bytes of a client in, what it said out (RFC 6455, section 5). Pure.
//!
//! Between messages it owns no memory but its own few bytes: what was said is nowhere in it, and an
//! idle participant costs nothing.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::incoming::{Broken, Heard};

/// Most bytes of a frame's header: two, a length of eight, a mask of four.
const HEAD_BYTES: usize = 14;

/// Most bytes of a control frame (section 5.5).
const CONTROL_BYTES: usize = 125;

/// Reads the frames of one client.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Most bytes of a message, in however many frames.
    most: usize,
    stage: Stage,
    /// The payload of a control frame, so far. They may come between the frames of a message.
    control: Vec<u8>,
    /// The payload of a message, so far.
    message: Vec<u8>,
    /// What kind of message has begun.
    form: Option<Form>,
}

/// What the next byte is.
#[derive(Debug)]
enum Stage {
    /// Of a header, of which so much is there.
    Head { bytes: [u8; HEAD_BYTES], len: usize },
    /// Of a payload.
    Payload(Frame),
    /// Nothing to us.
    Over,
}

/// A frame whose payload is coming.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: Kind,
    /// In the order in which the next bytes need it.
    mask: [u8; 4],
    /// Bytes to come.
    left: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Ping,
    Pong,
    Close,
    /// One of several frames of a message.
    Part,
    /// The last, or only, frame of a message.
    End,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Binary,
}

impl Stage {
    const START: Self = Self::Head { bytes: [0; HEAD_BYTES], len: 0 };
}

impl Decoder {
    /// Takes messages of at most `most` bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, stage: Stage::START, control: Vec::new(), message: Vec::new(), form: None }
    }

    /// Takes the next bytes, wherever they were cut, and says what has become whole by them.
    pub(super) fn take(&mut self, mut chunk: &[u8]) -> Vec<Heard> {
        let mut heard = Vec::new();
        while !chunk.is_empty() {
            let step = self.step(&mut chunk).unwrap_or_else(|broken| Some(Heard::Broken(broken)));
            if let Some(Heard::Close(_) | Heard::Broken(_)) = step {
                *self = Self { stage: Stage::Over, ..Self::new(self.most) };
            }
            match (heard.last_mut(), step) {
                // Only the last of several pings need be answered (section 5.5.3).
                (Some(last @ (Heard::Ping(_) | Heard::Pong)), Some(ping @ Heard::Ping(_))) => {
                    *last = ping;
                }
                (Some(Heard::Ping(_) | Heard::Pong), Some(Heard::Pong)) => {}
                (_, step) => heard.extend(step),
            }
        }
        heard
    }

    /// Bytes of memory that it owns beside itself.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.control.capacity() + self.message.capacity()
    }

    fn step(&mut self, chunk: &mut &[u8]) -> Result<Option<Heard>, Broken> {
        match &mut self.stage {
            Stage::Head { bytes, len } => {
                let Some((header, length)) = header(bytes, len, chunk)? else { return Ok(None) };
                let frame = self.begin(&header, length)?;
                self.stage = Stage::Payload(frame);
                if frame.left == 0 { self.finish(frame.kind) } else { Ok(None) }
            }
            Stage::Payload(frame) => {
                let (now, rest) = chunk.split_at(frame.left.min(chunk.len()));
                *chunk = rest;
                let (to, most) = match frame.kind {
                    Kind::Part | Kind::End => (&mut self.message, self.most),
                    Kind::Ping | Kind::Pong | Kind::Close => (&mut self.control, CONTROL_BYTES),
                };
                unmask(to, most, now, frame.mask);
                frame.mask.rotate_left(now.len() % 4);
                frame.left -= now.len();
                let frame = *frame;
                if frame.left == 0 { self.finish(frame.kind) } else { Ok(None) }
            }
            Stage::Over => {
                *chunk = &[];
                Ok(None)
            }
        }
    }

    /// Judges a header, before any of its payload is taken.
    fn begin(&mut self, header: &FrameHeader, length: u64) -> Result<Frame, Broken> {
        let Some(mask) = header.mask else { return Err(Broken::NoFrame) };
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Broken::NoFrame);
        }
        // Beyond what can be counted is beyond every bound.
        let left = usize::try_from(length).unwrap_or(usize::MAX);
        let kind = match header.opcode {
            OpCode::Control(control) => {
                if !header.is_final || left > CONTROL_BYTES {
                    return Err(Broken::NoFrame);
                }
                match control {
                    Control::Close => Kind::Close,
                    Control::Ping => Kind::Ping,
                    Control::Pong => Kind::Pong,
                    Control::Reserved(_) => return Err(Broken::NoFrame),
                }
            }
            OpCode::Data(data) => {
                self.open(data)?;
                if left > self.most - self.message.len() {
                    return Err(Broken::TooBig);
                }
                if header.is_final { Kind::End } else { Kind::Part }
            }
        };
        Ok(Frame { kind, mask, left })
    }

    /// Begins a message, or goes on with one.
    fn open(&mut self, data: Data) -> Result<(), Broken> {
        self.form = match (data, self.form) {
            (Data::Continue, Some(form)) => Some(form),
            (Data::Text, None) => Some(Form::Text),
            (Data::Binary, None) => Some(Form::Binary),
            (Data::Continue, None)
            | (Data::Text | Data::Binary, Some(_))
            | (Data::Reserved(_), _) => return Err(Broken::NoFrame),
        };
        Ok(())
    }

    /// The payload of a frame is whole.
    fn finish(&mut self, kind: Kind) -> Result<Option<Heard>, Broken> {
        self.stage = Stage::START;
        let control = std::mem::take(&mut self.control);
        match kind {
            Kind::Ping => Ok(Some(Heard::Ping(control))),
            Kind::Pong => Ok(Some(Heard::Pong)),
            Kind::Close => closed(&control).map(|code| Some(Heard::Close(code))),
            Kind::Part => Ok(None),
            Kind::End => {
                let message = std::mem::take(&mut self.message);
                match self.form.take() {
                    Some(Form::Text) => match String::from_utf8(message) {
                        Ok(text) => Ok(Some(Heard::Text(text))),
                        Err(_) => Err(Broken::NotUtf8),
                    },
                    Some(Form::Binary) | None => Ok(Some(Heard::Binary)),
                }
            }
        }
    }
}

/// Moves the next bytes of a header over from the chunk; the header and the length of the payload
/// once they are there. As many bytes are looked at as the longest header has, because only the
/// header itself says how long it is; what is not its own stays in the chunk.
fn header(
    bytes: &mut [u8; HEAD_BYTES],
    len: &mut usize,
    chunk: &mut &[u8],
) -> Result<Option<(FrameHeader, u64)>, Broken> {
    let free = &mut bytes[*len..];
    let more = free.len().min(chunk.len());
    free[..more].copy_from_slice(&chunk[..more]);
    let mut so_far = Cursor::new(&bytes[..*len + more]);
    let parsed = FrameHeader::parse(&mut so_far).map_err(|_| Broken::NoFrame)?;
    if parsed.is_some() {
        let read = usize::try_from(so_far.position()).unwrap_or(HEAD_BYTES);
        *chunk = &chunk[read - *len..];
    } else {
        *len += more;
        *chunk = &[];
    }
    Ok(parsed)
}

/// Appends what was masked. Memory grows with what has come, never by what was announced, and never
/// beyond `most`.
fn unmask(to: &mut Vec<u8>, most: usize, masked: &[u8], mask: [u8; 4]) {
    if to.capacity() - to.len() < masked.len() {
        let double = to.len().min(most.saturating_sub(to.len()));
        to.reserve_exact(double.max(masked.len()));
    }
    let begin = to.len();
    to.extend_from_slice(masked);
    // By words: by bytes, this costs more than all the rest that is done with a message.
    let (words, rest) = to[begin..].as_chunks_mut();
    let word = u32::from_ne_bytes(mask);
    for bytes in words {
        *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// The code in the payload of a close frame (section 7.4).
fn closed(payload: &[u8]) -> Result<Option<u16>, Broken> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Broken::NoFrame) };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() || std::str::from_utf8(reason).is_err() {
        return Err(Broken::NoFrame);
    }
    Ok(Some(code))
}
