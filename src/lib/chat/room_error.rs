//! Why the room refuses a request.

use std::time::Duration;

use super::name_error::NameError;
use super::nickname::Nickname;
use crate::units::format_duration;

/// Why the room refuses a request, as a sentence for the user. The client keeps what was typed.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum RoomError {
    /// The participant's rate limit; the message passes after this time.
    #[error("that was too fast; wait {} and send it again", format_duration(*.0))]
    TooFast(Duration),
    /// The name breaks a rule.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// A participant has this name or one that looks like it, or left less than the retention time ago.
    /// With a free variant of the name, if there is one.
    #[error("{}", name_taken(.0.as_ref()))]
    NameTaken(Option<Nickname>),
    /// [`super::Rules::max_participants`] are present.
    #[error("the room is full; try again when a participant has left")]
    Full,
    /// The rate limit of joins, or the bound of reserved names; a join passes after this time.
    #[error("too many people are joining and leaving; wait {} and try again", format_duration(*.0))]
    Crowded(Duration),
    /// No seat has this resume token, or the connection lost its seat to a newer one.
    #[error("your session has expired; join again")]
    NoSeat,
}

fn name_taken(free: Option<&Nickname>) -> String {
    let taken = "that name, or one that looks like it, is in use or was a short while ago";
    match free {
        Some(name) => format!("{taken}; {} is free", name.as_str()),
        None => format!("{taken}; choose another"),
    }
}
