//! What a client's line does, whichever transport brought it.

use std::borrow::Cow;

use super::super::hub::Connection;
use super::Web;
use crate::chat::{Entropy, MessageText, Nickname, RoomError};
use crate::token::Token;
use crate::wire::{self, ClientMessage, Refusal, RefusalCode};

/// What a line is answered with.
#[derive(Debug)]
pub(super) enum Reply {
    /// Nothing for this client alone; what it said comes back through the ring.
    Nothing,
    /// A line for this client alone.
    Line(String),
    /// The seat was given up: nothing follows.
    Left,
}

/// Lets a client in, by the first line it sent.
///
/// # Errors
/// A refusal with its reason, for programs and for people.
pub(super) fn enter(web: &Web, first: ClientMessage<'_>) -> Result<Connection, Refusal> {
    let ClientMessage::Join { name, ticket, resume, after } = first else {
        return Err(Refusal::new(RefusalCode::BadJson, "the first line must be a join"));
    };
    if web.hub.is_closing() {
        return Err(closing());
    }
    if !web.hub.accepts_ticket(&ticket) {
        return Err(bad_ticket());
    }
    if let Some(resume) = resume {
        match web.hub.resume(&resume, after) {
            // Too long away: they come in again as somebody new.
            Err(RoomError::NoSeat) => {}
            other => return Ok(other?),
        }
    }
    let name = Nickname::parse(&name).map_err(RoomError::from)?;
    Ok(web.hub.join(name, entropy()?)?)
}

/// Does what a line of somebody in the room says.
pub(super) fn obey(web: &Web, connection: &Connection, line: &str) -> Reply {
    match ClientMessage::parse(line) {
        Err(refused) => Reply::Line(refused.to_line()),
        Ok(ClientMessage::Say { reference, body }) => {
            match say(web, connection, reference.as_deref(), &body) {
                Ok(()) => Reply::Nothing,
                Err(refused) => {
                    Reply::Line(refused.with_reference(reference.map(Cow::into_owned)).to_line())
                }
            }
        }
        Ok(ClientMessage::Typing) => {
            connection.notify_typing();
            Reply::Nothing
        }
        Ok(ClientMessage::Beat) => Reply::Line(wire::beat_line()),
        Ok(ClientMessage::Leave) => {
            connection.leave();
            Reply::Left
        }
        Ok(ClientMessage::Join { .. }) => {
            Reply::Line(Refusal::new(RefusalCode::BadJson, "you are in the room already").to_line())
        }
    }
}

fn say(
    web: &Web,
    connection: &Connection,
    reference: Option<&str>,
    body: &str,
) -> Result<(), Refusal> {
    if web.hub.is_closing() {
        return Err(closing());
    }
    let text = MessageText::parse(body, web.room.message_bytes)?;
    Ok(connection.post_message(reference.map(str::to_owned), text)?)
}

/// The refusal of a ticket that is not the room's.
pub(super) fn bad_ticket() -> Refusal {
    Refusal::new(
        RefusalCode::BadTicket,
        "this link does not open this room; ask for the whole link again",
    )
}

fn closing() -> Refusal {
    Refusal::new(RefusalCode::Closing, "the session is ending")
}

fn entropy() -> Result<Entropy, Refusal> {
    let drawn = Token::draw().and_then(|token| Ok(Entropy { token, tag: getrandom::u32()? }));
    drawn.map_err(|_| Refusal::new(RefusalCode::Closing, "the server has no randomness; try again"))
}
