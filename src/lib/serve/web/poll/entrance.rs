//! How the client of a poll comes into the room, and how it waits in the lobby.

use std::sync::Arc;

use tokio::time::timeout;

use super::parked::HOLD_TIMEOUT;
use crate::serve::hub::Entered;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::lines::{self, WaitingReply};
use crate::wire::Refusal;

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

/// What the lines of a poll are while its client waits in the lobby.
pub(super) enum WaitingLines {
    /// There are none: the poll is held.
    None,
    /// They are answered at once, with these lines.
    Answered(String),
    /// The client waits no more.
    Left,
}

/// The lines in the body of a poll.
pub(super) fn lines_of(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter(|line| !line.is_empty())
}

/// Handles the lines of a client in the lobby.
///
/// # Errors
/// When one of them is only for those who are in the room.
pub(super) fn handle_while_waiting(body: &str) -> Result<WaitingLines, Refusal> {
    let mut answer = String::new();
    for line in lines_of(body) {
        match lines::handle_while_waiting(line)? {
            WaitingReply::Line(line) => answer.push_str(&line),
            WaitingReply::Left => return Ok(WaitingLines::Left),
        }
    }
    Ok(if answer.is_empty() { WaitingLines::None } else { WaitingLines::Answered(answer) })
}

/// Holds a poll until the operator has decided; `None` if that takes longer than a poll is held. The
/// connection is not evicted meanwhile: its client has shown the link, and the lobby is small.
pub(super) async fn hold<T>(
    slot: &Arc<ConnectionSlot>,
    decision: impl Future<Output = T>,
) -> Option<T> {
    slot.mark_admitted();
    let decided = timeout(HOLD_TIMEOUT, decision).await;
    slot.mark_closing();
    decided.ok()
}
