//! The lines of clients of an open room: joins by name and ticket, messages as text.

use crate::chat::{Entropy, MessageText, Newcomer, Nickname, RoomError};
use crate::serve::hub::{Connection, Joined, LobbyTransport};
use crate::serve::web::state::WebState;
use crate::token::Token;
use crate::wire::{ClientMessage, Refusal, RefusalCode};

/// Lets a client in by its first line, which must be a join, or has it wait in the lobby.
///
/// # Errors
/// The refusal to send: wrong line, ticket or name, a full, locked or closing room, too many joins.
pub(in crate::serve::web) fn join(state: &WebState, first_line: &str) -> Result<Joined, Refusal> {
    let (name, ticket, resume, after) = match ClientMessage::parse(first_line)? {
        ClientMessage::Join { name, ticket, resume, after } => (name, ticket, resume, after),
        ClientMessage::Knock { .. } | ClientMessage::Request { .. } => {
            let text = "this room is not sealed; ask for its link again";
            return Err(Refusal::new(RefusalCode::BadJson, text));
        }
        ClientMessage::Return { .. } => {
            let text = "a join to this room needs a name and the ticket of its link";
            return Err(Refusal::new(RefusalCode::BadJson, text));
        }
        ClientMessage::Say { .. }
        | ClientMessage::Typing
        | ClientMessage::Beat
        | ClientMessage::Leave => {
            return Err(Refusal::new(RefusalCode::BadJson, "the first line must be a join"));
        }
    };
    if state.hub.is_closing() {
        return Err(Refusal::closing());
    }
    // Before the ticket: those who have a seat return to it by any link, also by one that was replaced.
    if let Some(resume) = resume {
        if let Some(client) = state.hub.return_to_lobby(&resume, LobbyTransport::Socket)? {
            return Ok(Joined::Waits(client));
        }
        match state.hub.resume(&resume, after) {
            // The seat has expired: the client joins anew.
            Err(RoomError::NoSeat) => {}
            resumed => return Ok(Joined::In(resumed?)),
        }
    }
    let ticket = Token::parse(&ticket).filter(|ticket| state.hub.accepts_ticket(ticket));
    let ticket = ticket.ok_or_else(Refusal::wrong_link)?;
    // After the ticket: strangers do not learn whether the room is locked.
    state.hub.check_unlocked()?;
    let name = Nickname::parse(&name).map_err(RoomError::from)?;
    Ok(state.hub.join(Newcomer { name, ticket, entropy: entropy()? })?)
}

/// Posts a message.
///
/// # Errors
/// When it breaks a rule, or too many come.
pub(super) fn say(
    state: &WebState,
    connection: &Connection,
    reference: Option<&str>,
    body: &str,
) -> Result<(), Refusal> {
    if state.hub.is_closing() {
        return Err(Refusal::closing());
    }
    let text = MessageText::parse(body, state.room.message_bytes)?;
    Ok(connection.post_message(reference.map(str::to_owned), text)?)
}

fn entropy() -> Result<Entropy, Refusal> {
    let drawn = Token::generate().and_then(|token| Ok(Entropy { token, tag: getrandom::u32()? }));
    drawn.map_err(|_| {
        Refusal::new(RefusalCode::Closing, "the server cannot draw random numbers; try again")
    })
}
