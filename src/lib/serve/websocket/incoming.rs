//! What the decoder returns: messages, control frames and errors.

/// A whole message or control frame.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) enum Incoming {
    /// A text message of any number of frames, checked to be UTF-8.
    Text(String),
    /// A binary message, whose payload is dropped: this protocol has none.
    Binary,
    /// To be answered by a pong with the same payload of at most 125 bytes.
    Ping(Vec<u8>),
    /// An answer to a ping, or unsolicited. Its payload is dropped.
    Pong,
    /// The client closes, with this status code or none. Nothing follows.
    Close(Option<u16>),
    /// The stream cannot be decoded any further. Nothing follows.
    Invalid(ProtocolError),
}

/// Why a stream cannot be decoded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum ProtocolError {
    /// A message is longer than the bound that the reader was given.
    MessageTooLong,
    /// A text message is not UTF-8.
    NotUtf8,
    /// The bytes are not a frame that a client may send at this point.
    InvalidFrame,
}
