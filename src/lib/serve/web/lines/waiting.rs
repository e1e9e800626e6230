//! The lines of a client in the lobby, which are the same in open and sealed rooms.

use crate::wire::{self, ClientMessage, Refusal, RefusalCode};

/// What a client in the lobby gets for a line.
#[derive(Debug)]
pub(in crate::serve::web) enum WaitingReply {
    /// A heartbeat, with the line feed that ends it.
    Line(String),
    /// Nothing: the client waits no more.
    Left,
}

/// Handles one line of a client in the lobby: a heartbeat, or that it leaves.
///
/// # Errors
/// On every other line: those who are not in the room say nothing in it.
pub(in crate::serve::web) fn handle_while_waiting(line: &str) -> Result<WaitingReply, Refusal> {
    match ClientMessage::parse(line)? {
        ClientMessage::Beat => Ok(WaitingReply::Line(wire::beat_line())),
        ClientMessage::Leave => Ok(WaitingReply::Left),
        ClientMessage::Join { .. }
        | ClientMessage::Knock { .. }
        | ClientMessage::Request { .. }
        | ClientMessage::Return { .. }
        | ClientMessage::Say { .. }
        | ClientMessage::Typing => Err(not_in_the_room_yet()),
    }
}

/// The refusal of a line that came too early.
pub(in crate::serve::web) fn not_in_the_room_yet() -> Refusal {
    let text = "you are not in the room yet; wait for the answer, then for the welcome";
    Refusal::new(RefusalCode::BadJson, text)
}
