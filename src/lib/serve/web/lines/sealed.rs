//! The lines of clients of a sealed room. What is sealed in them is passed on and not looked into.

use crate::control::{Handshake, Sealed};
use crate::serve::hub::Connection;
use crate::serve::web::state::WebState;
use crate::token::Secret;
use crate::wire::{ClientMessage, Refusal, RefusalCode, SealedBox};

/// The first line of a connection to a sealed room.
#[derive(Debug)]
pub(in crate::serve::web) enum FirstLine {
    /// Begins a handshake.
    Knock { door: Secret, noise: Handshake },
    /// Goes on with a handshake that this connection has not begun.
    Request,
    /// Returns a participant.
    Return { resume: Secret, after: Option<u64> },
}

/// Parses the first line.
///
/// # Errors
/// When it is of another kind.
pub(in crate::serve::web) fn first_line(line: &str) -> Result<FirstLine, Refusal> {
    match ClientMessage::parse(line)? {
        ClientMessage::Knock { door, noise } => Ok(FirstLine::Knock { door, noise }),
        ClientMessage::Request { .. } => Ok(FirstLine::Request),
        ClientMessage::Return { resume, after } => Ok(FirstLine::Return { resume, after }),
        ClientMessage::Join { .. } => {
            let text =
                "this room is sealed; join it by its whole link, with all that follows the #";
            Err(Refusal::new(RefusalCode::BadJson, text))
        }
        ClientMessage::Say { .. }
        | ClientMessage::Typing
        | ClientMessage::Beat
        | ClientMessage::Leave => {
            Err(Refusal::new(RefusalCode::BadJson, "the first line must be a knock or a join"))
        }
    }
}

/// Parses the line after the answer to a knock.
///
/// # Errors
/// When it is no request.
pub(in crate::serve::web) fn request(line: &str) -> Result<Sealed, Refusal> {
    match ClientMessage::parse(line)? {
        ClientMessage::Request { sealed } => Ok(sealed),
        ClientMessage::Join { .. }
        | ClientMessage::Knock { .. }
        | ClientMessage::Return { .. }
        | ClientMessage::Say { .. }
        | ClientMessage::Typing
        | ClientMessage::Beat
        | ClientMessage::Leave => {
            let text = "after the answer to a knock comes a join, and nothing else";
            Err(Refusal::new(RefusalCode::BadJson, text))
        }
    }
}

/// Relays a message.
///
/// # Errors
/// When it is no box of this participant, or too many come.
pub(super) fn say(
    state: &WebState,
    connection: &Connection,
    reference: Option<&str>,
    body: &str,
) -> Result<(), Refusal> {
    if state.hub.is_closing() {
        return Err(Refusal::closing());
    }
    let body = SealedBox::parse(body, state.room.message_bytes)?;
    connection.post_box(reference, &body)
}
