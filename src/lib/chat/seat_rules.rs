//! The rules that the operator sets for a room while the session goes on.

use std::time::Duration;

use super::room_error::RoomError;
use super::seats::Seats;
use crate::control::RoomRules;

/// How newcomers come in, unless the room is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// At once.
    Direct,
    /// When the operator admits them.
    Lobby,
}

impl Entrance {
    /// What becomes of a newcomer by these rules.
    ///
    /// # Errors
    /// [`RoomError::Locked`], also if there is a lobby.
    pub(crate) fn by(rules: &RoomRules) -> Result<Self, RoomError> {
        match rules {
            RoomRules { locked: true, .. } => Err(RoomError::Locked),
            RoomRules { lobby: true, .. } => Ok(Self::Lobby),
            RoomRules { .. } => Ok(Self::Direct),
        }
    }
}

impl Seats {
    /// The rules that hold at the moment.
    pub(crate) fn room_rules(&self) -> RoomRules {
        self.room_rules
    }

    /// Replaces the rules. Returns whether they are others than before.
    pub(crate) fn set_room_rules(&mut self, rules: RoomRules) -> bool {
        self.slow_mode.set(Duration::from_secs(rules.slow.into()));
        std::mem::replace(&mut self.room_rules, rules) != rules
    }

    /// What becomes of a newcomer; see [`Entrance::by`].
    ///
    /// # Errors
    /// [`RoomError::Locked`].
    pub(crate) fn entrance(&self) -> Result<Entrance, RoomError> {
        Entrance::by(&self.room_rules)
    }
}
