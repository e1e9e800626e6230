//! What a client's line does, whichever transport brought it.

use std::borrow::Cow;

use super::Web;
use super::wire::{self, FromClient, Refused, Why};
use crate::chat::{Entropy, Nickname, Refusal, Text};
use crate::serve::hub::{Connection, Return};
use crate::token::Token;

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
pub(super) fn enter(web: &Web, first: FromClient<'_>) -> Result<Connection, Refused> {
    let FromClient::Join { name, ticket, resume, after } = first else {
        return Err(Refused::new(Why::BadJson, "the first line must be a join"));
    };
    if web.hub.is_ending() {
        return Err(closing());
    }
    if !web.hub.admits(&ticket) {
        return Err(bad_ticket());
    }
    if let Some(resume) = resume {
        match web.hub.resume(&Return { resume, after }) {
            // Too long away: they come in again as somebody new.
            Err(Refusal::NoSeat) => {}
            other => return Ok(other?),
        }
    }
    let name = Nickname::parse(&name).map_err(Refusal::from)?;
    Ok(web.hub.join(name, entropy()?)?)
}

/// Does what a line of somebody in the room says.
pub(super) fn obey(web: &Web, connection: &Connection, line: &str) -> Reply {
    match FromClient::parse(line) {
        Err(refused) => Reply::Line(refused.line()),
        Ok(FromClient::Say { reference, body }) => {
            match say(web, connection, reference.as_deref(), &body) {
                Ok(()) => Reply::Nothing,
                Err(refused) => Reply::Line(refused.about(reference.map(Cow::into_owned)).line()),
            }
        }
        Ok(FromClient::Typing) => {
            connection.types();
            Reply::Nothing
        }
        Ok(FromClient::Beat) => Reply::Line(wire::beat()),
        Ok(FromClient::Leave) => {
            connection.leave();
            Reply::Left
        }
        Ok(FromClient::Join { .. }) => {
            Reply::Line(Refused::new(Why::BadJson, "you are in the room already").line())
        }
    }
}

fn say(
    web: &Web,
    connection: &Connection,
    reference: Option<&str>,
    body: &str,
) -> Result<(), Refused> {
    if web.hub.is_ending() {
        return Err(closing());
    }
    let text = Text::parse(body, web.room.message_bytes)?;
    Ok(connection.say(reference.map(str::to_owned), text)?)
}

/// The refusal of a ticket that is not the room's.
pub(super) fn bad_ticket() -> Refused {
    Refused::new(Why::BadTicket, "this link does not open this room; ask for the whole link again")
}

fn closing() -> Refused {
    Refused::new(Why::Closing, "the session is ending")
}

fn entropy() -> Result<Entropy, Refused> {
    let drawn = Token::draw().and_then(|token| Ok(Entropy { token, tag: getrandom::u32()? }));
    drawn.map_err(|_| Refused::new(Why::Closing, "the server has no randomness; try again"))
}
