//! Lets the client of a poll into a sealed room. The handshake takes two polls, each of which is held until
//! the host replies; between them, the knock waits under a token.

use std::sync::Arc;

use super::entrance::{self, FirstLineUse, PollStart, Waited, lines_of};
use crate::control::Sealed;
use crate::serve::hub::{
    Answered, Entered, FoundKnock, Knock, KnockEnd, KnockReply, Resumed, ReturnReply,
};
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::lines::{self, FirstLine};
use crate::serve::web::state::WebState;
use crate::token::Secret;
use crate::wire::{self, ClientMessage, Refusal, RefusalCode};

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
    let first = lines_of(body).next();
    let Some(token) = bearer else {
        return match lines::first_line(first.unwrap_or_default())? {
            FirstLine::Knock { door, noise } => {
                match state.hub.knock(&door, noise)?.answer().await {
                    Ok(Answered { knock, noise, by_invite }) => {
                        let token = knock.detach()?;
                        Ok(PollStart::Lines(wire::answer_line(&noise, Some(&token), by_invite)))
                    }
                    Err(end) => entered(end),
                }
            }
            FirstLine::Return { resume, after } => {
                let resumed = state.hub.return_to_seat(&resume, after)?;
                Ok(PollStart::Entered(decided(resumed).await?, FirstLineUse::Join))
            }
            FirstLine::Request => {
                let text = "a join to this room follows the answer to a knock; knock first";
                Err(Refusal::new(RefusalCode::BadJson, text))
            }
        };
    };
    match state.hub.find_waiting_knock(&token) {
        Some(FoundKnock::Waiting(knock)) => {
            return wait(slot, knock, body).await;
        }
        // The participant has read nothing yet, not even the welcome.
        Some(FoundKnock::Seated(resume)) => {
            let entered = decided(state.hub.return_to_seat(&resume, None)?).await?;
            return Ok(PollStart::Entered(entered, FirstLineUse::InRoom));
        }
        Some(FoundKnock::Ended(end)) => return entered(end),
        None => {}
    }
    if let Some(Ok(ClientMessage::Request { sealed })) = first.map(ClientMessage::parse) {
        return request(state, &token, sealed).await;
    }
    let entered = match state.hub.return_to_seat(&token, after)? {
        // A poll that reads on in the ring is held until there is something to read.
        Resumed::Entered((connection, _)) if after.is_some() => (connection, Vec::new()),
        resumed @ (Resumed::Entered(_) | Resumed::Asked(_)) => decided(resumed).await?,
    };
    Ok(PollStart::Entered(entered, FirstLineUse::InRoom))
}

/// Sends the request that belongs to an earlier knock, and waits for the decision.
async fn request(state: &WebState, token: &str, sealed: Sealed) -> Result<PollStart, Refusal> {
    let mut knock = state.hub.find_knock(token)?;
    knock.request(sealed)?;
    match knock.next_reply().await {
        KnockReply::Ended(end) => entered(end),
        KnockReply::PutOff => {
            tokio::select! {
                biased;
                // The decision may have followed at once.
                end = knock.end() => return entered(end),
                () = std::future::ready(()) => {}
            }
            knock.keep_for_next_poll();
            Ok(PollStart::Lines(wire::waiting_line(None)))
        }
    }
}

/// Holds the poll of a client in the lobby, until the host decides.
async fn wait(
    slot: &Arc<ConnectionSlot>,
    mut knock: Knock,
    body: &str,
) -> Result<PollStart, Refusal> {
    match entrance::wait(slot, body, knock.end()).await? {
        Waited::Decided(end) => entered(end),
        Waited::Lines(lines) => Ok(PollStart::Lines(lines)),
        Waited::Left => {
            knock.leave();
            Ok(PollStart::Lines(String::new()))
        }
    }
}

/// Waits for the host's decision on a return, if it has to decide.
async fn decided(resumed: Resumed) -> Result<Entered, Refusal> {
    match resumed {
        Resumed::Entered(entered) => Ok(entered),
        Resumed::Asked(asked) => match asked.reply().await {
            ReturnReply::Readmitted(entered) => Ok(entered),
            ReturnReply::Refused(refusal) => Err(refusal),
            ReturnReply::Replaced => {
                let text = "this page continues in another window; go on there";
                Err(Refusal::new(RefusalCode::BadTicket, text))
            }
        },
    }
}

/// What the end of a handshake means for the client.
fn entered(end: KnockEnd) -> Result<PollStart, Refusal> {
    match end {
        KnockEnd::Admitted(entered) => Ok(PollStart::Entered(entered, FirstLineUse::Join)),
        KnockEnd::RefusedSealed(sealed) => Ok(PollStart::Lines(wire::sealed_refusal_line(&sealed))),
        KnockEnd::Refused(refusal) => Err(refusal),
        // A newer poll gets the answer.
        KnockEnd::Replaced => Ok(PollStart::Lines(String::new())),
    }
}
