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
    /// The operator has muted the participant: for this much longer, or until the operator ends it.
    #[error("{}", muted(*.0))]
    Muted(Option<Duration>),
    /// Slow mode; the message passes after this time.
    #[error("the host has slowed the room down; wait {} and send it again", format_duration(*.0))]
    Slow(Duration),
    /// [`crate::control::RoomRules::locked`].
    #[error("the host has locked the room; ask them to unlock it, and try again")]
    Locked,
    /// The operator refused a newcomer who waited in the lobby.
    #[error("the host did not let you in; ask them before you try again")]
    NotAdmitted,
    /// A newcomer waited in the lobby for [`super::WAITING_TIMEOUT`].
    #[error("the host did not answer; tell them that you are waiting, and try again")]
    NotAnswered,
    /// The operator removed the participant, whose seat and resume token are void.
    #[error("the host has removed you from this room; ask them if you want to come back")]
    Removed,
    /// The link was ended or replaced, its time is over, or its uses are used up.
    #[error("this link does not admit anyone any more; ask the host for a new one")]
    DeadLink,
}

impl RoomError {
    /// The seconds after which the same message passes, for [`RoomError::Muted`] and
    /// [`RoomError::Slow`]; rounded up.
    pub(crate) fn seconds_left(&self) -> Option<u64> {
        let (Self::Muted(Some(left)) | Self::Slow(left)) = self else { return None };
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }
}

fn muted(left: Option<Duration>) -> String {
    match left {
        Some(left) => {
            format!("the host has muted you; you can write again in {}", format_duration(left))
        }
        None => "the host has muted you; you can write again when they let you".to_owned(),
    }
}

fn name_taken(free: Option<&Nickname>) -> String {
    let taken = "that name, or one that looks like it, is in use or was a short while ago";
    match free {
        Some(name) => format!("{taken}; {} is free", name.as_str()),
        None => format!("{taken}; choose another"),
    }
}
