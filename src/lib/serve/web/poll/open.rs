//! Lets the client of a poll into an open room.

use std::sync::Arc;

use super::entrance::{self, FirstLineUse, PollStart, Waited, lines_of};
use crate::serve::hub::{Connection, Joined, LobbyClient, LobbyEnd, LobbyTransport};
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::lines;
use crate::serve::web::state::WebState;
use crate::token::Secret;
use crate::wire::{self, Refusal};

/// Lets the client in by its bearer token, or by the first line of the body.
///
/// # Errors
/// Why it is not let in.
pub(super) async fn enter(
    state: &WebState,
    slot: &Arc<ConnectionSlot>,
    bearer: Option<Secret>,
    after: Option<u64>,
    body: &str,
) -> Result<PollStart, Refusal> {
    let Some(token) = bearer else {
        let first = lines_of(body).next().unwrap_or_default();
        return match lines::join(state, first)? {
            Joined::In(connection) => Ok(welcomed(connection, FirstLineUse::Join)),
            Joined::Waits(_) if lines_of(body).nth(1).is_some() => {
                Err(lines::not_in_the_room_yet())
            }
            Joined::Waits(client) => {
                let token = client.keep_for_next_poll();
                Ok(PollStart::Lines(wire::waiting_line(token.as_deref())))
            }
        };
    };
    if let Some(client) = state.hub.return_to_lobby(&token, LobbyTransport::Poll)? {
        return wait(slot, client, body).await;
    }
    // A client that has seen nothing of the room was admitted between two polls, or its answer was lost.
    let has_welcome = after.is_some_and(|after| after > 0);
    let connection = state.hub.resume(&token, after.or(Some(0)))?;
    Ok(if has_welcome {
        PollStart::Entered((connection, Vec::new()), FirstLineUse::InRoom)
    } else {
        welcomed(connection, FirstLineUse::InRoom)
    })
}

/// Holds the poll of a client in the lobby, until the operator has decided.
async fn wait(
    slot: &Arc<ConnectionSlot>,
    mut client: LobbyClient,
    body: &str,
) -> Result<PollStart, Refusal> {
    match entrance::wait(slot, body, client.end()).await? {
        Waited::Decided(LobbyEnd::Admitted(connection)) => {
            Ok(welcomed(connection, FirstLineUse::InRoom))
        }
        Waited::Decided(LobbyEnd::Refused(refusal)) => Err(refusal),
        // A newer poll gets the answer.
        Waited::Decided(LobbyEnd::Replaced) => Ok(PollStart::Lines(String::new())),
        Waited::Lines(lines) => Ok(PollStart::Lines(lines)),
        Waited::Left => {
            client.leave();
            Ok(PollStart::Lines(String::new()))
        }
    }
}

fn welcomed(mut connection: Connection, first: FirstLineUse) -> PollStart {
    // Without one, the seat is lost again; what is read next says why.
    let welcome = connection.welcome().unwrap_or_default();
    PollStart::Entered((connection, welcome), first)
}
