//! A room in which the server reads names and texts: joins, messages, the roster of names.

mod join;
mod publish;
mod roster;
#[cfg(test)]
mod roster_tests;
mod say;

use std::time::Instant;

use super::room_state::RoomState;
use super::settings;
use crate::chat::{Room, RoomError};
use crate::config::RoomSettings;
use crate::token::Token;
use roster::Roster;

pub(in crate::serve) use join::MAX_DEPARTED;
pub(in crate::serve) use roster::MAX_CHUNK_MEMBERS;

/// What an open room has and a sealed one has not.
#[derive(Debug)]
pub(super) struct OpenRoom {
    ticket: Token,
    pub(super) room: Room,
    roster: Roster,
    /// How many earlier messages a newcomer is shown.
    backlog: usize,
}

impl OpenRoom {
    /// An empty room.
    pub(super) fn new(settings: &RoomSettings, ticket: Token, now: Instant) -> Self {
        let room = Room::new(settings::rules(settings), now);
        Self { ticket, room, roster: Roster::default(), backlog: settings.backlog }
    }
}

impl RoomState {
    /// The open room.
    ///
    /// # Errors
    /// In a sealed room, which has no seat for a client of an open one.
    fn open(&mut self) -> Result<&mut OpenRoom, RoomError> {
        match self {
            Self::Open(open) => Ok(open),
            Self::Sealed(_) => Err(RoomError::NoSeat),
        }
    }
}
