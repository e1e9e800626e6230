//! The state of an open room.

use std::time::Instant;

use super::roster::Roster;
use crate::chat::Room;
use crate::config::RoomSettings;
use crate::serve::hub::settings;
use crate::token::Token;

/// What an open room has and a sealed one has not.
#[derive(Debug)]
pub(in crate::serve::hub) struct OpenRoom {
    pub(in crate::serve::hub) room: Room,
    pub(super) roster: Roster,
    /// How many earlier messages a newcomer is shown.
    pub(super) backlog: usize,
    /// Longest text of a message.
    pub(super) message_bytes: usize,
}

impl OpenRoom {
    /// An empty room.
    pub(in crate::serve::hub) fn new(settings: &RoomSettings, ticket: Token, now: Instant) -> Self {
        let room = Room::new(settings::rules(settings), ticket, now);
        Self {
            room,
            roster: Roster::default(),
            backlog: settings.backlog,
            message_bytes: settings.message_bytes,
        }
    }
}
