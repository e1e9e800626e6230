//! What a client sends, once its frames are decoded.

/// A whole message or control frame.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) enum Incoming {
    Text(String),
    /// A binary message, whose payload is dropped: this protocol has none.
    Binary,
    /// A pong with the same payload answers it.
    Ping(Vec<u8>),
    Pong,
    /// The client closes, with this status code. Nothing follows.
    Close(Option<u16>),
    /// The stream cannot be decoded any further. Nothing follows.
    Invalid(ProtocolError),
}

/// Why a stream cannot be decoded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum ProtocolError {
    /// A message has more bytes than the reader takes.
    MessageTooLong,
    /// A text message is not UTF-8.
    NotUtf8,
    /// These bytes are not a frame that a client may send at this point.
    InvalidFrame,
}
