//! Carries out the lines of a client that is in the room, which are the same over a WebSocket and a poll.

mod open;
mod sealed;
mod waiting;

use super::state::WebState;
use crate::config::Mode;
use crate::serve::hub::Connection;
use crate::wire::{self, ClientMessage, Refusal, RefusalCode};

pub(super) use open::join;
pub(super) use sealed::{FirstLine, first_line, request};
pub(super) use waiting::{WaitingReply, handle_while_waiting, not_in_the_room_yet};

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

/// Carries out one line of a client that is in the room.
pub(super) fn handle_line(state: &WebState, connection: &Connection, line: &str) -> Reply {
    match ClientMessage::parse(line) {
        Err(refusal) => Reply::Line(refusal.to_line()),
        Ok(ClientMessage::Say { reference, body }) => {
            let reference = reference.as_deref();
            let said = match state.hub.mode() {
                Mode::Open => open::say(state, connection, reference, &body),
                Mode::Sealed => sealed::say(state, connection, reference, &body),
            };
            match said {
                Ok(()) => Reply::None,
                Err(refusal) => {
                    Reply::Line(refusal.with_reference(reference.map(str::to_owned)).to_line())
                }
            }
        }
        Ok(ClientMessage::Typing) => {
            // In a sealed room, the server does not announce who is typing.
            connection.notify_typing();
            Reply::None
        }
        Ok(ClientMessage::Beat) => Reply::Line(wire::beat_line()),
        Ok(ClientMessage::Leave) => {
            connection.leave();
            Reply::Left
        }
        Ok(
            ClientMessage::Join { .. }
            | ClientMessage::Knock { .. }
            | ClientMessage::Request { .. }
            | ClientMessage::Return { .. },
        ) => {
            Reply::Line(Refusal::new(RefusalCode::BadJson, "you are already in the room").to_line())
        }
    }
}
