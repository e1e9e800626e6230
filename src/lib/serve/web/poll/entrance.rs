//! How the client of a poll comes into the room, and how it waits in the lobby.

use std::sync::Arc;

use tokio::time::timeout;

use super::parked::HOLD_TIMEOUT;
use crate::serve::hub::Entered;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::lines::{self, WaitingReply};
use crate::wire::{self, Refusal};

/// How the first poll of a client begins, if it is not refused.
pub(super) enum PollStart {
    /// The client is in the room; its other lines follow.
    Entered(Entered, FirstLineUse),
    /// The client is not in the room yet, or not let in: these lines are the whole answer.
    Lines(String),
}

/// What the first line of a poll is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstLineUse {
    /// It lets the client in.
    Join,
    /// It is like the others, of a client that is in the room.
    InRoom,
}

/// What becomes of a poll whose client waits in the lobby.
pub(super) enum Waited<T> {
    /// The operator has decided.
    Decided(T),
    /// These lines are the whole answer, and the client waits on.
    Lines(String),
    /// The client waits no more.
    Left,
}

/// The lines in the body of a poll.
pub(super) fn lines_of(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter(|line| !line.is_empty())
}

/// Handles the lines of a client in the lobby; without any, holds the poll until the operator has decided, or
/// for [`HOLD_TIMEOUT`]. The connection is not evicted meanwhile: its client has shown the link, and the lobby
/// is small.
///
/// # Errors
/// When a line is only for those who are in the room.
pub(super) async fn wait<T>(
    slot: &Arc<ConnectionSlot>,
    body: &str,
    decision: impl Future<Output = T>,
) -> Result<Waited<T>, Refusal> {
    let mut answer = String::new();
    for line in lines_of(body) {
        match lines::handle_while_waiting(line)? {
            WaitingReply::Line(line) => answer.push_str(&line),
            WaitingReply::Left => return Ok(Waited::Left),
        }
    }
    if !answer.is_empty() {
        return Ok(Waited::Lines(answer));
    }
    slot.mark_admitted();
    let decided = timeout(HOLD_TIMEOUT, decision).await;
    slot.mark_closing();
    Ok(decided.map_or_else(|_| Waited::Lines(wire::waiting_line(None)), Waited::Decided))
}
