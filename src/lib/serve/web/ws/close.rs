//! How a socket is closed, and the status code that tells the client why.

use crate::serve::hub::CloseReason;
use crate::serve::websocket::{ProtocolError, SendError, Writer};
use crate::wire;

/// What the server does to close a socket.
#[derive(Clone, Copy, Debug)]
pub(super) enum CloseAction {
    /// The stream is dropped without a close frame: the client is gone or silent.
    Drop,
    /// The client closed, and gets its own code back (RFC 6455, section 5.5.1). Without that, a browser
    /// reports a broken connection.
    Echo(Option<u16>),
    /// The server closes with this code.
    Send(CloseCode),
}

/// The status codes of this protocol; 4000 to 4999 are for private use.
#[derive(Clone, Copy, Debug)]
pub(in crate::serve::web) enum CloseCode {
    /// The session ended; the line `end` was sent before.
    SessionEnded = 4000,
    /// The participant left, or continues on a newer connection.
    SeatReleased = 4001,
    /// The client was not let in; the line `refused` was sent before.
    JoinRefused = 4002,
    /// The client did not read a frame in time.
    TooSlow = 4003,
    /// The operator has removed the participant; the line `removed` was sent before.
    Removed = 4004,
    /// The client sent bytes that are not a valid frame (RFC 6455, section 7.4.1).
    ProtocolError = 1002,
    /// A message over the bound, or one that is not UTF-8, for which RFC 6455 has 1007: this protocol
    /// has one code for both.
    TooBig = 1009,
}

/// Sends the last line of a connection that has nothing more to read, and returns how to close it.
pub(super) async fn send_last_line(writer: &mut Writer, reason: CloseReason) -> CloseAction {
    let (line, code) = match reason {
        CloseReason::Replaced => return CloseAction::Send(CloseCode::SeatReleased),
        CloseReason::SessionEnded => (wire::end_line(), CloseCode::SessionEnded),
        CloseReason::Removed => (wire::removed_line(), CloseCode::Removed),
    };
    match writer.send(vec![line.into()]).await {
        Ok(()) => CloseAction::Send(code),
        Err(error) => error.into(),
    }
}

impl From<SendError> for CloseAction {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Disconnected => Self::Drop,
            SendError::TimedOut => Self::Send(CloseCode::TooSlow),
        }
    }
}

impl From<ProtocolError> for CloseAction {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::InvalidFrame => Self::Send(CloseCode::ProtocolError),
            ProtocolError::MessageTooLong | ProtocolError::NotUtf8 => Self::Send(CloseCode::TooBig),
        }
    }
}
