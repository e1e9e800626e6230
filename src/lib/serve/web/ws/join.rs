//! Lets the client of a socket in: from its first message to the welcome.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::close::{CloseAction, CloseCode, send_last_line};
use super::first_message::{JoinError, next_message, split_first_line};
use super::handshake;
use super::waiting::wait;
use crate::config::Mode;
use crate::serve::hub::{Connection, Joined, LobbyClient, LobbyEnd};
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::lines;
use crate::serve::web::state::WebState;
use crate::serve::websocket::{Reader, Writer};
use crate::wire::{self, Refusal};

/// Time for the first message, which a page sends at once.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Lets the client in and sends the welcome. Returns its connection, and the lines of its first message
/// after the join.
///
/// # Errors
/// How to close the socket. A refusal has then been sent.
pub(super) async fn join(
    state: &WebState,
    slot: &ConnectionSlot,
    reader: &mut Reader,
    writer: &mut Writer,
) -> Result<(Connection, String), CloseAction> {
    let deadline = Instant::now() + JOIN_TIMEOUT;
    let refusal = match enter(state, slot, reader, writer, deadline).await {
        Ok(entered) => return Ok(entered),
        Err(JoinError::Close(action)) => return Err(action),
        Err(JoinError::Refused(refusal)) => refusal.to_line(),
        Err(JoinError::RefusedSealed(sealed)) => wire::sealed_refusal_line(&sealed),
        Err(JoinError::Lost(reason)) => return Err(send_last_line(writer, reason).await),
    };
    writer.send(vec![refusal.into()]).await?;
    Err(CloseAction::Send(CloseCode::JoinRefused))
}

async fn enter(
    state: &WebState,
    slot: &ConnectionSlot,
    reader: &mut Reader,
    writer: &mut Writer,
    deadline: Instant,
) -> Result<(Connection, String), JoinError> {
    // One deadline for all reads: pings do not extend it.
    let first = timeout_at(deadline, next_message(reader, writer)).await;
    let message = first.unwrap_or(Err(CloseAction::Drop.into()))?;
    slot.mark_awaiting_answer();
    let (connection, welcome, rest) = match state.hub.mode() {
        Mode::Open => {
            let (joined, rest) = join_by_message(state, message)?;
            slot.mark_admitted();
            let mut connection = match joined {
                Joined::In(connection) => connection,
                Joined::Waits(client) => Box::pin(wait_in_lobby(client, reader, writer)).await?,
            };
            // Others who join at the same moment are then in the welcome, not announced after it.
            tokio::task::yield_now().await;
            let welcome = connection.welcome()?;
            (connection, welcome, rest)
        }
        Mode::Sealed => {
            let ((connection, welcome), rest) =
                Box::pin(handshake::enter(state, slot, reader, writer, message)).await?;
            slot.mark_admitted();
            (connection, welcome, rest)
        }
    };
    connection.repeat_own_line();
    writer.send(welcome).await?;
    Ok((connection, rest))
}

/// Lets the client in by the first line of its message, and returns the other lines. Not async, so that
/// the message is freed here: a future would keep it for as long as the client stays.
fn join_by_message(state: &WebState, message: String) -> Result<(Joined, String), Refusal> {
    let (first, rest) = split_first_line(&message);
    let joined = lines::join(state, first)?;
    if matches!(joined, Joined::Waits(_)) && !rest.is_empty() {
        return Err(lines::not_in_the_room_yet());
    }
    Ok((joined, rest.to_owned()))
}

/// Has the client wait until the operator has decided.
async fn wait_in_lobby(
    mut client: LobbyClient,
    reader: &mut Reader,
    writer: &mut Writer,
) -> Result<Connection, JoinError> {
    match wait(client.end(), reader, writer).await? {
        LobbyEnd::Admitted(connection) => Ok(connection),
        LobbyEnd::Refused(refusal) => Err(refusal.into()),
        LobbyEnd::Replaced => Err(CloseAction::Send(CloseCode::SeatReleased).into()),
    }
}
