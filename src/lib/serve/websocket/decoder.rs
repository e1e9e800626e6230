//! Decodes the frames of a client (RFC 6455, section 5). No I/O.
//!
//! Between messages it owns no heap memory: no text of a finished message is left in it, and an idle
//! participant costs only its own few bytes.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::incoming::{Incoming, ProtocolError};

/// The longest frame header: two bytes, a length of eight, a mask of four.
const MAX_HEADER_BYTES: usize = 14;

/// The longest payload of a control frame (section 5.5).
const MAX_CONTROL_BYTES: usize = 125;

/// Decodes the frames of one client.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Bound for one message, over all of its frames.
    max_message_bytes: usize,
    state: State,
    /// The payload of a control frame, so far. Control frames may come between the frames of a message.
    control: Vec<u8>,
    /// The payload of a message, so far.
    message: Vec<u8>,
    /// The type of the message that has begun.
    message_type: Option<MessageType>,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum State {
    /// A header, of which `len` bytes are here.
    Header {
        bytes: [u8; MAX_HEADER_BYTES],
        len: usize,
    },
    Payload(Frame),
    /// Nothing: the client closed or broke the protocol, and the rest is ignored.
    Closed,
}

/// A frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: FrameKind,
    /// Rotated so that its first byte masks the next byte of the payload.
    mask: [u8; 4],
    /// Bytes of the payload that are still to come.
    remaining: usize,
}

#[derive(Clone, Copy, Debug)]
enum FrameKind {
    Ping,
    Pong,
    Close,
    /// A part of a message, with more to come.
    Fragment,
    /// The last, or only, frame of a message.
    Final,
}

#[derive(Clone, Copy, Debug)]
enum MessageType {
    Text,
    Binary,
}

impl State {
    const START: Self = Self::Header { bytes: [0; MAX_HEADER_BYTES], len: 0 };
}

impl Decoder {
    /// Expects the header of a first frame. Allocates nothing.
    pub(super) fn new(max_message_bytes: usize) -> Self {
        Self {
            max_message_bytes,
            state: State::START,
            control: Vec::new(),
            message: Vec::new(),
            message_type: None,
        }
    }

    /// Decodes the next bytes of the stream, wherever they are cut, and returns the messages and
    /// control frames that they complete.
    pub(super) fn decode(&mut self, mut chunk: &[u8]) -> Vec<Incoming> {
        let mut decoded = Vec::new();
        while !chunk.is_empty() {
            let step = self.step(&mut chunk).unwrap_or_else(|error| Some(Incoming::Invalid(error)));
            if let Some(Incoming::Close(_) | Incoming::Invalid(_)) = step {
                *self = Self { state: State::Closed, ..Self::new(self.max_message_bytes) };
            }
            match (decoded.last_mut(), step) {
                // Only the last of several pings need be answered (section 5.5.3).
                (
                    Some(last @ (Incoming::Ping(_) | Incoming::Pong)),
                    Some(ping @ Incoming::Ping(_)),
                ) => {
                    *last = ping;
                }
                (Some(Incoming::Ping(_) | Incoming::Pong), Some(Incoming::Pong)) => {}
                (_, step) => decoded.extend(step),
            }
        }
        decoded
    }

    /// Bytes of heap memory that the decoder owns; 0 between messages.
    #[cfg(test)]
    pub(super) fn buffered_bytes(&self) -> usize {
        self.control.capacity() + self.message.capacity()
    }

    /// Consumes the front of `chunk` up to the end of a header or of a payload.
    fn step(&mut self, chunk: &mut &[u8]) -> Result<Option<Incoming>, ProtocolError> {
        match &mut self.state {
            State::Header { bytes, len } => {
                let Some((header, length)) = parse_header(bytes, len, chunk)? else {
                    return Ok(None);
                };
                let frame = self.start_frame(&header, length)?;
                self.state = State::Payload(frame);
                if frame.remaining == 0 { self.finish_frame(frame.kind) } else { Ok(None) }
            }
            State::Payload(frame) => {
                let (masked, rest) = chunk.split_at(frame.remaining.min(chunk.len()));
                *chunk = rest;
                let (payload, max_bytes) = match frame.kind {
                    FrameKind::Fragment | FrameKind::Final => {
                        (&mut self.message, self.max_message_bytes)
                    }
                    FrameKind::Ping | FrameKind::Pong | FrameKind::Close => {
                        (&mut self.control, MAX_CONTROL_BYTES)
                    }
                };
                append_unmasked(payload, max_bytes, masked, frame.mask);
                frame.mask.rotate_left(masked.len() % 4);
                frame.remaining -= masked.len();
                let frame = *frame;
                if frame.remaining == 0 { self.finish_frame(frame.kind) } else { Ok(None) }
            }
            State::Closed => {
                *chunk = &[];
                Ok(None)
            }
        }
    }

    /// Checks a header, before any byte of its payload is taken.
    fn start_frame(&mut self, header: &FrameHeader, length: u64) -> Result<Frame, ProtocolError> {
        let Some(mask) = header.mask else { return Err(ProtocolError::InvalidFrame) };
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(ProtocolError::InvalidFrame);
        }
        // A length that does not fit `usize` is above every bound.
        let remaining = usize::try_from(length).unwrap_or(usize::MAX);
        let kind = match header.opcode {
            OpCode::Control(control) => {
                if !header.is_final || remaining > MAX_CONTROL_BYTES {
                    return Err(ProtocolError::InvalidFrame);
                }
                match control {
                    Control::Close => FrameKind::Close,
                    Control::Ping => FrameKind::Ping,
                    Control::Pong => FrameKind::Pong,
                    Control::Reserved(_) => return Err(ProtocolError::InvalidFrame),
                }
            }
            OpCode::Data(data) => {
                self.start_or_continue_message(data)?;
                if remaining > self.max_message_bytes - self.message.len() {
                    return Err(ProtocolError::MessageTooLong);
                }
                if header.is_final { FrameKind::Final } else { FrameKind::Fragment }
            }
        };
        Ok(Frame { kind, mask, remaining })
    }

    fn start_or_continue_message(&mut self, data: Data) -> Result<(), ProtocolError> {
        self.message_type = match (data, self.message_type) {
            (Data::Continue, Some(message_type)) => Some(message_type),
            (Data::Text, None) => Some(MessageType::Text),
            (Data::Binary, None) => Some(MessageType::Binary),
            (Data::Continue, None)
            | (Data::Text | Data::Binary, Some(_))
            | (Data::Reserved(_), _) => return Err(ProtocolError::InvalidFrame),
        };
        Ok(())
    }

    /// Returns what a frame completes, now that all of its payload is here.
    fn finish_frame(&mut self, kind: FrameKind) -> Result<Option<Incoming>, ProtocolError> {
        self.state = State::START;
        let control = std::mem::take(&mut self.control);
        match kind {
            FrameKind::Ping => Ok(Some(Incoming::Ping(control))),
            FrameKind::Pong => Ok(Some(Incoming::Pong)),
            FrameKind::Close => parse_close_code(&control).map(|code| Some(Incoming::Close(code))),
            FrameKind::Fragment => Ok(None),
            FrameKind::Final => {
                let message = std::mem::take(&mut self.message);
                match self.message_type.take() {
                    Some(MessageType::Text) => match String::from_utf8(message) {
                        Ok(text) => Ok(Some(Incoming::Text(text))),
                        Err(_) => Err(ProtocolError::NotUtf8),
                    },
                    Some(MessageType::Binary) | None => Ok(Some(Incoming::Binary)),
                }
            }
        }
    }
}

/// Moves the next bytes of a header from the front of `chunk` to `bytes`, and returns the header with
/// the length of its payload once all of it is here. Only the header itself says how long it is, so
/// as many bytes are parsed as the longest one has; those behind it stay in the chunk.
fn parse_header(
    bytes: &mut [u8; MAX_HEADER_BYTES],
    len: &mut usize,
    chunk: &mut &[u8],
) -> Result<Option<(FrameHeader, u64)>, ProtocolError> {
    let free = &mut bytes[*len..];
    let more = free.len().min(chunk.len());
    free[..more].copy_from_slice(&chunk[..more]);
    let mut so_far = Cursor::new(&bytes[..*len + more]);
    let parsed = FrameHeader::parse(&mut so_far).map_err(|_| ProtocolError::InvalidFrame)?;
    if parsed.is_some() {
        let header_bytes = usize::try_from(so_far.position()).unwrap_or(MAX_HEADER_BYTES);
        *chunk = &chunk[header_bytes - *len..];
    } else {
        *len += more;
        *chunk = &[];
    }
    Ok(parsed)
}

/// Appends a masked part of a payload. Memory grows with the bytes that have come, never by the length
/// that a header announces, and never beyond `max_bytes`.
fn append_unmasked(payload: &mut Vec<u8>, max_bytes: usize, masked: &[u8], mask: [u8; 4]) {
    if payload.capacity() - payload.len() < masked.len() {
        let double = payload.len().min(max_bytes.saturating_sub(payload.len()));
        payload.reserve_exact(double.max(masked.len()));
    }
    let begin = payload.len();
    payload.extend_from_slice(masked);
    // Four bytes at a time: byte by byte, this costs more than all else that is done with a message.
    let (words, rest) = payload[begin..].as_chunks_mut();
    let word = u32::from_ne_bytes(mask);
    for bytes in words {
        *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// The status code in the payload of a close frame (section 7.4).
fn parse_close_code(payload: &[u8]) -> Result<Option<u16>, ProtocolError> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(ProtocolError::InvalidFrame) };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() || std::str::from_utf8(reason).is_err() {
        return Err(ProtocolError::InvalidFrame);
    }
    Ok(Some(code))
}
