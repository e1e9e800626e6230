//! Between the supervisor and `chattrace-serve`.

use serde::{Deserialize, Serialize};

use super::orders::{RoomOrder, RoomReport, RoomRules};
use super::participant::Participant;
use super::sealed::{FromRelay, ToRelay};
use crate::config::RoomSettings;
use crate::control::validate;
use crate::memory::LockedMemory;
use crate::process::Confinement;
use crate::token::Token;

/// Supervisor to serve.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToServe {
    /// The first message: the limits of the room, and how one gets into it.
    Start {
        room: RoomSettings,
        admission: Admission,
        /// Those that hold at first.
        #[serde(default)]
        rules: RoomRules,
    },
    /// The public host name of the room from now on, without scheme and port; `None` takes it back.
    Host { name: Option<String> },
    /// Announce the public address, `https://` and the host name, to all participants: the first one, and
    /// each new one.
    Moved { url: String },
    /// Refuse new connections, send all participants the goodbye, answer [`FromServe::Drained`].
    Drain,
    /// What the operator ordered.
    Operator(RoomOrder),
    /// In a sealed room only.
    Sealed(ToRelay),
}

/// What admits to the room.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub(crate) enum Admission {
    /// The ticket in the link, which serve compares.
    Open { ticket: Token },
    /// The host decides; serve relays those who have the door, a value derived from the ticket.
    Sealed {
        door: Token,
        /// Random per session: a client that sees another one clears itself.
        epoch: Token,
    },
}

/// Serve to supervisor. Every field is validated: serve may have been taken over.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromServe {
    /// The first message, so that a program of another version is noticed at once.
    Hello {
        /// [`VERSION`](super::VERSION) of the sender.
        #[serde(deserialize_with = "validate::version")]
        version: String,
    },
    /// The room accepts connections.
    Ready { protection: Protection },
    /// A participant joined; `present` counts them too.
    Joined { participant: Participant, present: usize },
    /// A participant left; `present` does not count them.
    Left { participant: Participant, present: usize },
    /// Every participant was sent the end of the session, or could not be reached in time.
    Drained,
    /// About the operator's orders.
    Operator(RoomReport),
    /// In a sealed room only; in place of [`FromServe::Joined`] and [`FromServe::Left`].
    Sealed(FromRelay),
}

/// What the room's process has given up, and how far its memory is kept off disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protection {
    #[serde(deserialize_with = "validate::confinement")]
    pub(crate) confinement: Confinement,
    /// As far as the process could lock it when it started.
    pub(crate) locked: LockedMemory,
}
