//! Lets the client of a poll into a sealed room. The handshake takes two polls, each of which is held until
//! the host replies; between them, the knock waits under a token.

use crate::control::Sealed;
use crate::serve::hub::{Entered, KnockEnd, Resumed, ReturnReply};
use crate::serve::web::lines::{self, FirstLine};
use crate::serve::web::state::WebState;
use crate::token::Secret;
use crate::wire::{self, ClientMessage, Refusal, RefusalCode};

/// What a poll that lets in its client begins with.
pub(super) enum Entrance {
    /// The client is in the room; its other lines follow.
    Entered(Entered),
    /// The client is not in the room yet, or not let in: this line is the whole answer.
    Line(String),
}

/// Lets the client in by its bearer token, or by the `first` line. Returns also whether that line was used.
///
/// # Errors
/// Why it is not let in.
pub(super) async fn enter(
    state: &WebState,
    bearer: Option<Secret>,
    after: Option<u64>,
    first: Option<&str>,
) -> Result<(Entrance, FirstLineUse), Refusal> {
    let Some(token) = bearer else {
        let entrance = match lines::first_line(first.unwrap_or_default())? {
            FirstLine::Knock { door, noise } => {
                let mut knock = state.hub.knock(&door, noise)?;
                match knock.answer().await {
                    Ok(answer) => {
                        let token = knock.detach()?;
                        Entrance::Line(wire::answer_line(&answer, Some(&token)))
                    }
                    Err(end) => entered(end)?,
                }
            }
            FirstLine::Return { resume, after } => {
                let resumed = state.hub.return_to_seat(&resume, after)?;
                Entrance::Entered(decided(resumed).await?)
            }
            FirstLine::Request => {
                let text = "a join to this room follows the answer to a knock; knock first";
                return Err(Refusal::new(RefusalCode::BadJson, text));
            }
        };
        return Ok((entrance, FirstLineUse::Join));
    };
    if let Some(Ok(ClientMessage::Request { sealed })) = first.map(ClientMessage::parse) {
        let entrance = request(state, &token, sealed).await?;
        return Ok((entrance, FirstLineUse::Join));
    }
    let entered = match state.hub.return_to_seat(&token, after)? {
        // A poll that reads on in the ring is held until there is something to read.
        Resumed::Entered((connection, _)) if after.is_some() => (connection, Vec::new()),
        resumed @ (Resumed::Entered(_) | Resumed::Asked(_)) => decided(resumed).await?,
    };
    Ok((Entrance::Entered(entered), FirstLineUse::InRoom))
}

/// What the first line of a poll is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstLineUse {
    /// It lets the client in.
    Join,
    /// It is like the others, of a client that is in the room.
    InRoom,
}

/// Sends the request that belongs to an earlier knock, and waits for the decision.
async fn request(state: &WebState, token: &str, sealed: Sealed) -> Result<Entrance, Refusal> {
    let mut knock = state.hub.find_knock(token)?;
    knock.request(sealed)?;
    entered(knock.end_of_handshake().await)
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
fn entered(end: KnockEnd) -> Result<Entrance, Refusal> {
    match end {
        KnockEnd::Admitted(entered) => Ok(Entrance::Entered(entered)),
        KnockEnd::RefusedSealed(sealed) => Ok(Entrance::Line(wire::sealed_refusal_line(&sealed))),
        KnockEnd::Refused(refusal) => Err(refusal),
    }
}
