//! Lets the client of a socket into a sealed room: relays its handshake with the host, or returns it.

use super::close::{CloseAction, CloseCode};
use super::first_message::{JoinError, next_message, split_first_line};
use super::waiting::wait;
use crate::control::{Handshake, Sealed};
use crate::serve::hub::{Answered, Entered, KnockEnd, KnockReply, Resumed, ReturnReply};
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::lines::{self, FirstLine};
use crate::serve::web::state::WebState;
use crate::serve::websocket::{Reader, Writer};
use crate::token::Secret;
use crate::wire::{self, Refusal, RefusalCode};

/// Lets the client in by its first message, or by a handshake that begins with it. Returns the lines after
/// the join, too.
///
/// # Errors
/// Why it is not let in.
pub(super) async fn enter(
    state: &WebState,
    slot: &ConnectionSlot,
    reader: &mut Reader,
    writer: &mut Writer,
    message: String,
) -> Result<(Entered, String), JoinError> {
    let (first, rest) = split_first_line(&message);
    match lines::first_line(first)? {
        FirstLine::Return { resume, after } => {
            let rest = rest.to_owned();
            let entered = match state.hub.return_to_seat(&resume, after)? {
                Resumed::Entered(entered) => entered,
                Resumed::Asked(asked) => {
                    match unless_client_speaks(asked.reply(), reader, writer).await? {
                        ReturnReply::Readmitted(entered) => entered,
                        ReturnReply::Refused(refusal) => return Err(refusal.into()),
                        ReturnReply::Replaced => {
                            return Err(CloseAction::Send(CloseCode::SeatReleased).into());
                        }
                    }
                }
            };
            Ok((entered, rest))
        }
        FirstLine::Request => {
            let text = "a join to this room follows the answer to a knock; knock first";
            Err(Refusal::new(RefusalCode::BadJson, text).into())
        }
        FirstLine::Knock { .. } if !rest.is_empty() => Err(too_early().into()),
        FirstLine::Knock { door, noise } => {
            let entered = handshake(state, slot, reader, writer, door, noise).await?;
            Ok((entered, String::new()))
        }
    }
}

/// Relays the handshake, up to the host's decision.
async fn handshake(
    state: &WebState,
    slot: &ConnectionSlot,
    reader: &mut Reader,
    writer: &mut Writer,
    door: Secret,
    noise: Handshake,
) -> Result<Entered, JoinError> {
    let knock = state.hub.knock(&door, noise)?;
    drop(door);
    let answered = unless_client_speaks(knock.answer(), reader, writer).await?;
    let Answered { mut knock, noise, by_invite } = match answered {
        Ok(answered) => answered,
        Err(end) => return entered(end),
    };
    let answer = wire::answer_line(&noise, None, by_invite);
    writer.send(vec![answer.into()]).await?;
    let request = tokio::select! {
        end = knock.end() => return entered(end),
        message = next_message(reader, writer) => parse_request(message?)?,
    };
    knock.request(request)?;
    match unless_client_speaks(knock.next_reply(), reader, writer).await? {
        KnockReply::Ended(end) => entered(end),
        KnockReply::PutOff => {
            slot.mark_admitted();
            entered(wait(knock.end(), reader, writer).await?)
        }
    }
}

/// Parses the message after the answer: a request, and nothing else.
fn parse_request(message: String) -> Result<Sealed, Refusal> {
    let (first, rest) = split_first_line(&message);
    let request = lines::request(first)?;
    if rest.is_empty() { Ok(request) } else { Err(too_early()) }
}

/// What the end of a handshake means for the client.
fn entered(end: KnockEnd) -> Result<Entered, JoinError> {
    match end {
        KnockEnd::Admitted(entered) => Ok(entered),
        KnockEnd::RefusedSealed(sealed) => Err(JoinError::RefusedSealed(sealed)),
        KnockEnd::Refused(refusal) => Err(refusal.into()),
        KnockEnd::Replaced => Err(CloseAction::Send(CloseCode::SeatReleased).into()),
    }
}

/// Awaits the future, unless the client goes away, or sends a message while it is to wait.
async fn unless_client_speaks<T>(
    future: impl Future<Output = T>,
    reader: &mut Reader,
    writer: &mut Writer,
) -> Result<T, JoinError> {
    tokio::select! {
        biased;
        value = future => Ok(value),
        message = next_message(reader, writer) => match message {
            Ok(_) => Err(too_early().into()),
            Err(error) => Err(error),
        },
    }
}

fn too_early() -> Refusal {
    let text = "that came too early; wait for the answer, then for the welcome";
    Refusal::new(RefusalCode::BadJson, text)
}
