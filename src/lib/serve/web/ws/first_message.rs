//! The messages of a client that is not in the room yet.

use super::close::CloseAction;
use super::session::not_text;
use crate::control::Sealed;
use crate::serve::hub::CloseReason;
use crate::serve::websocket::{Incoming, Reader, Writer};
use crate::wire::{Refusal, RefusalCode};

/// Most pings and pongs before a message; a client that sends more is disconnected. A browser sends none,
/// and each costs the server a read or even an answer.
const MAX_EARLY_CONTROL_FRAMES: usize = 16;

/// Why a client is not let in.
pub(super) enum JoinError {
    /// It is told why.
    Refused(Refusal),
    /// The host tells it why.
    RefusedSealed(Sealed),
    /// It had a seat, and has lost it.
    Lost(CloseReason),
    /// The socket is closed like this.
    Close(CloseAction),
}

impl From<Refusal> for JoinError {
    fn from(refusal: Refusal) -> Self {
        if refusal.code == RefusalCode::Removed {
            return Self::Lost(CloseReason::Removed);
        }
        Self::Refused(refusal)
    }
}

impl From<CloseReason> for JoinError {
    fn from(reason: CloseReason) -> Self {
        Self::Lost(reason)
    }
}

impl<E: Into<CloseAction>> From<E> for JoinError {
    fn from(action: E) -> Self {
        Self::Close(action.into())
    }
}

/// The next text message; pings are answered. Cancel safe.
pub(super) async fn next_message(
    reader: &mut Reader,
    writer: &mut Writer,
) -> Result<String, JoinError> {
    for _ in 0..=MAX_EARLY_CONTROL_FRAMES {
        match reader.recv().await {
            Some(Incoming::Text(text)) => return Ok(text),
            Some(Incoming::Ping(payload)) => writer.pong(&payload).await?,
            Some(Incoming::Pong) => {}
            Some(Incoming::Binary) => return Err(not_text().into()),
            Some(Incoming::Close(code)) => return Err(CloseAction::Echo(code).into()),
            Some(Incoming::Invalid(error)) => return Err(error.into()),
            None => return Err(CloseAction::Drop.into()),
        }
    }
    Err(CloseAction::Drop.into())
}

/// The first line of a message, and the others.
pub(super) fn split_first_line(message: &str) -> (&str, &str) {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    (first.trim_end(), rest)
}
