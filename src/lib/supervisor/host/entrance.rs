//! How newcomers come in, by the rules of the room.

use crate::control::RoomRules;

/// How newcomers come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    Direct,
    Lobby,
    Locked,
}

impl Entrance {
    /// A locked room has no lobby.
    pub(super) fn of(rules: &RoomRules) -> Self {
        match (rules.locked, rules.lobby) {
            (true, _) => Self::Locked,
            (false, true) => Self::Lobby,
            (false, false) => Self::Direct,
        }
    }
}
