//! A room in which the server reads names and texts: joins, messages, the roster of names.

mod announce;
mod join;
mod lobby;
mod lobby_decision;
mod publish;
mod room;
mod roster;
#[cfg(test)]
mod roster_tests;
mod say;

pub(in crate::serve) use join::{Joined, MAX_DEPARTED};
pub(in crate::serve) use lobby::{LobbyClient, LobbyEnd, LobbyTransport};
pub(super) use room::OpenRoom;
pub(in crate::serve) use roster::MAX_CHUNK_MEMBERS;
