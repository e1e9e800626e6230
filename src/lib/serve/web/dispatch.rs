//! Carries out the lines of a client, which are the same over a WebSocket and a poll.

use std::borrow::Cow;

use super::state::WebState;
use crate::chat::{Entropy, MessageText, Nickname, RoomError};
use crate::serve::hub::Connection;
use crate::token::Token;
use crate::wire::{self, ClientMessage, Refusal, RefusalCode};

/// What only the sender of a line gets in reply.
#[derive(Debug)]
pub(super) enum Reply {
    /// Nothing. A message that was accepted comes back through the ring, as for all participants.
    None,
    /// A refusal or a heartbeat, with the line feed that ends it.
    Line(String),
    /// Nothing, and no further line is handled: the client has given up its seat.
    Left,
}

/// Lets a client in by its first line, which must be a join.
///
/// # Errors
/// The refusal to send: wrong line, ticket or name, a full or closing room, too many joins.
pub(super) fn join(state: &WebState, first_line: &str) -> Result<Connection, Refusal> {
    let ClientMessage::Join { name, ticket, resume, after } = ClientMessage::parse(first_line)?
    else {
        return Err(Refusal::new(RefusalCode::BadJson, "the first line must be a join"));
    };
    if state.hub.is_closing() {
        return Err(closing());
    }
    if !state.hub.accepts_ticket(&ticket) {
        let text = "this link does not open this room; ask for the whole link again";
        return Err(Refusal::new(RefusalCode::BadTicket, text));
    }
    if let Some(resume) = resume {
        match state.hub.resume(&resume, after) {
            // The seat has expired: the client joins anew.
            Err(RoomError::NoSeat) => {}
            other => return Ok(other?),
        }
    }
    let name = Nickname::parse(&name).map_err(RoomError::from)?;
    Ok(state.hub.join(name, entropy()?)?)
}

/// Carries out one line of a client that is in the room.
pub(super) fn handle_line(state: &WebState, connection: &Connection, line: &str) -> Reply {
    match ClientMessage::parse(line) {
        Err(refusal) => Reply::Line(refusal.to_line()),
        Ok(ClientMessage::Say { reference, body }) => {
            match say(state, connection, reference.as_deref(), &body) {
                Ok(()) => Reply::None,
                Err(refusal) => {
                    Reply::Line(refusal.with_reference(reference.map(Cow::into_owned)).to_line())
                }
            }
        }
        Ok(ClientMessage::Typing) => {
            connection.notify_typing();
            Reply::None
        }
        Ok(ClientMessage::Beat) => Reply::Line(wire::beat_line()),
        Ok(ClientMessage::Leave) => {
            connection.leave();
            Reply::Left
        }
        Ok(ClientMessage::Join { .. }) => {
            Reply::Line(Refusal::new(RefusalCode::BadJson, "you are already in the room").to_line())
        }
    }
}

fn say(
    state: &WebState,
    connection: &Connection,
    reference: Option<&str>,
    body: &str,
) -> Result<(), Refusal> {
    if state.hub.is_closing() {
        return Err(closing());
    }
    let text = MessageText::parse(body, state.room.message_bytes)?;
    Ok(connection.post_message(reference.map(str::to_owned), text)?)
}

fn closing() -> Refusal {
    Refusal::new(RefusalCode::Closing, "the session is ending")
}

fn entropy() -> Result<Entropy, Refusal> {
    let drawn = Token::generate().and_then(|token| Ok(Entropy { token, tag: getrandom::u32()? }));
    drawn.map_err(|_| {
        Refusal::new(RefusalCode::Closing, "the server cannot draw random numbers; try again")
    })
}
