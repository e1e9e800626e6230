//! How a socket ends, and the code that says so.

use crate::serve::websocket::{ProtocolError, SendError};

/// How a socket ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// Without a word: the client is gone, or has not deserved one.
    Cut,
    /// The client closed, and is answered with its own code, or none (RFC 6455, section 5.5.1). A
    /// browser would report a broken line otherwise.
    Answered(Option<u16>),
    /// We close.
    Closed(Close),
}

/// Close codes of this protocol; 4000–4999 are for private use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Close {
    /// The session is over.
    Ended = 4000,
    /// They left, or came back elsewhere.
    Left = 4001,
    /// They were not let in.
    Refusal = 4002,
    /// They did not take a batch in time.
    TooSlow = 4003,
    /// What they sent is no frame (RFC 6455, section 7.4.1).
    NoFrame = 1002,
    /// A frame or message over the bound, or not UTF-8. Not 1007 for what is not UTF-8: a client that reads one of the two handles both.
    TooBig = 1009,
}

impl From<SendError> for End {
    fn from(unsent: SendError) -> Self {
        match unsent {
            SendError::Disconnected => Self::Cut,
            SendError::TimedOut => Self::Closed(Close::TooSlow),
        }
    }
}

impl From<ProtocolError> for End {
    fn from(broken: ProtocolError) -> Self {
        match broken {
            ProtocolError::InvalidFrame => Self::Closed(Close::NoFrame),
            ProtocolError::MessageTooLong | ProtocolError::NotUtf8 => Self::Closed(Close::TooBig),
        }
    }
}
