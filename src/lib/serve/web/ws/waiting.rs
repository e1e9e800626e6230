//! The socket of a client in the lobby, until the operator decides.

use tokio::time::{Instant, sleep};

use super::close::{CloseAction, CloseCode};
use super::first_message::JoinError;
use super::session::{IDLE_TIMEOUT, PING_INTERVAL, not_text};
use crate::serve::web::lines::{self, WaitingReply};
use crate::serve::websocket::{Incoming, Reader, Writer};
use crate::wire;

/// Tells the client that it waits, and awaits the decision. Meanwhile the socket is kept open by pings, and
/// the client may send what [`lines::handle_while_waiting`] takes.
///
/// # Errors
/// When the client goes away, or breaks the protocol.
pub(super) async fn wait<T>(
    decision: impl Future<Output = T>,
    reader: &mut Reader,
    writer: &mut Writer,
) -> Result<T, JoinError> {
    writer.send(vec![wire::waiting_line(None).into()]).await?;
    tokio::pin!(decision);
    let mut last_received = Instant::now();
    let ping = sleep(PING_INTERVAL);
    tokio::pin!(ping);
    loop {
        tokio::select! {
            biased;
            decided = &mut decision => return Ok(decided),
            incoming = reader.recv() => {
                last_received = Instant::now();
                handle_incoming(incoming.ok_or(CloseAction::Drop)?, writer).await?;
            }
            () = &mut ping => {
                if last_received.elapsed() >= IDLE_TIMEOUT {
                    return Err(CloseAction::Drop.into());
                }
                ping.as_mut().reset(Instant::now() + PING_INTERVAL);
                writer.ping().await?;
            }
        }
    }
}

async fn handle_incoming(incoming: Incoming, writer: &mut Writer) -> Result<(), JoinError> {
    match incoming {
        Incoming::Text(text) => {
            for line in text.lines().filter(|line| !line.is_empty()) {
                match lines::handle_while_waiting(line)? {
                    WaitingReply::Line(line) => writer.send(vec![line.into()]).await?,
                    WaitingReply::Left => {
                        return Err(CloseAction::Send(CloseCode::SeatReleased).into());
                    }
                }
            }
        }
        Incoming::Ping(payload) => writer.pong(&payload).await?,
        Incoming::Pong => {}
        Incoming::Binary => return Err(not_text().into()),
        Incoming::Close(code) => return Err(CloseAction::Echo(code).into()),
        Incoming::Invalid(error) => return Err(error.into()),
    }
    // A reply costs more than what it answers.
    tokio::task::yield_now().await;
    Ok(())
}
