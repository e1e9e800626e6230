//! Why the room does not do what was asked.

use std::time::Duration;

use super::nickname::{NameError, Nickname};
use crate::units::format_duration;

/// Why the room does not do what was asked. Nothing the participant wrote is lost by it.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum RoomError {
    /// The bucket is empty.
    #[error("that was too fast; wait {} and send it again", format_duration(*.0))]
    TooFast(Duration),
    /// The name is not one.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// A participant has it, or one that looks like it, or had it a short while ago.
    #[error("{}", taken(.0.as_ref()))]
    NameTaken(Option<Nickname>),
    /// As many as the operator lets in are in.
    #[error("the room is full; try again when somebody has left")]
    Full,
    /// Too many came in a short time, or came and left.
    #[error("too many people are coming and going; wait {} and try again", format_duration(*.0))]
    Crowded(Duration),
    /// No such seat is kept.
    #[error("your seat is no longer kept; join again")]
    NoSeat,
}

fn taken(free: Option<&Nickname>) -> String {
    let taken = "that name, or one that looks like it, is in use or was a short while ago";
    match free {
        Some(name) => format!("{taken}; {} is free", name.as_str()),
        None => format!("{taken}; choose another"),
    }
}
