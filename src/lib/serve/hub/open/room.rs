//! The state of an open room.

use std::collections::BTreeMap;
use std::time::Instant;

use tokio::sync::oneshot;

use super::lobby_decision::LobbyDecision;
use super::roster::Roster;
use crate::chat::Room;
use crate::config::RoomSettings;
use crate::serve::hub::settings;
use crate::token::Token;
use crate::wire::Refusal;

/// What an open room has and a sealed one has not.
#[derive(Debug)]
pub(in crate::serve::hub) struct OpenRoom {
    pub(in crate::serve::hub) room: Room,
    /// The clients in the lobby that wait over a socket or a poll, by the numbers of their people.
    pub(in crate::serve::hub) lobby: BTreeMap<u32, oneshot::Sender<LobbyDecision>>,
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
            lobby: BTreeMap::new(),
            roster: Roster::default(),
            backlog: settings.backlog,
            message_bytes: settings.message_bytes,
        }
    }

    /// Refuses all who wait in the lobby, because the session ends.
    pub(in crate::serve::hub) fn refuse_waiting(&mut self) {
        for client in std::mem::take(&mut self.lobby).into_values() {
            // Fails if the client is gone.
            let _ = client.send(LobbyDecision::Refused(Refusal::closing()));
        }
    }
}
