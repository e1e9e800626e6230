//! Lets the client of a socket in: from its first message to the welcome.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::close::{CloseAction, CloseCode};
use super::session::not_text;
use crate::serve::hub::Connection;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::dispatch;
use crate::serve::web::state::WebState;
use crate::serve::websocket::{Incoming, Reader, Writer};
use crate::wire::Refusal;

/// Time for the first message, which a page sends at once.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Most pings and pongs before the first message; a client that sends more is disconnected. A browser
/// sends none, and each costs the server a read or even an answer.
const MAX_EARLY_CONTROL_FRAMES: usize = 16;

/// Why there is no first message.
enum FirstMessageError {
    Refused(Refusal),
    Close(CloseAction),
}

impl<E: Into<CloseAction>> From<E> for FirstMessageError {
    fn from(action: E) -> Self {
        Self::Close(action.into())
    }
}

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
    let refusal = match first_message(reader, writer).await {
        Ok(message) => match join_by_message(state, message) {
            Ok((mut connection, rest)) => {
                slot.mark_admitted();
                // Others who join at the same moment are then in the welcome, not announced after it.
                tokio::task::yield_now().await;
                let welcome =
                    connection.welcome().ok_or(CloseAction::Send(CloseCode::SeatReleased))?;
                writer.send(welcome).await?;
                return Ok((connection, rest));
            }
            Err(refusal) => refusal,
        },
        Err(FirstMessageError::Refused(refusal)) => refusal,
        Err(FirstMessageError::Close(action)) => return Err(action),
    };
    writer.send(vec![refusal.to_line().into()]).await?;
    Err(CloseAction::Send(CloseCode::JoinRefused))
}

async fn first_message(
    reader: &mut Reader,
    writer: &mut Writer,
) -> Result<String, FirstMessageError> {
    // One deadline for all reads: pings do not extend it.
    let deadline = Instant::now() + JOIN_TIMEOUT;
    for _ in 0..=MAX_EARLY_CONTROL_FRAMES {
        match timeout_at(deadline, reader.recv()).await {
            Ok(Some(Incoming::Text(text))) => return Ok(text),
            Ok(Some(Incoming::Ping(payload))) => writer.pong(&payload).await?,
            Ok(Some(Incoming::Pong)) => {}
            Ok(Some(Incoming::Binary)) => return Err(FirstMessageError::Refused(not_text())),
            Ok(Some(Incoming::Close(code))) => return Err(CloseAction::Echo(code).into()),
            Ok(Some(Incoming::Invalid(error))) => return Err(error.into()),
            Ok(None) | Err(_) => return Err(CloseAction::Drop.into()),
        }
    }
    Err(CloseAction::Drop.into())
}

/// Lets the client in by the first line of its message, and returns the other lines. Not async, so that
/// the message is freed here: a future would keep it for as long as the client stays.
fn join_by_message(state: &WebState, message: String) -> Result<(Connection, String), Refusal> {
    let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
    let connection = dispatch::join(state, first.trim_end())?;
    Ok((connection, rest.to_owned()))
}
