//! A room that the server relays and cannot read: people are numbers, and what they say is bytes. The
//! supervisor, called *host* here, decides who is let in, and draws the keys.
//!
//! No file of this folder names a text, a name or a ticket, or imports from the folder of open rooms
//! (`tests/integration/layering/` holds them to it).

mod generation;
mod handshake;
mod knocks;
mod relay;
mod resume;
mod say;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::room_state::RoomState;
use super::settings;
use crate::chat::Seats;
use crate::config::RoomSettings;
use crate::control::FromRelay;
use crate::token::Token;
use crate::wire::{Refusal, RefusalCode};
use generation::{Generation, NextGeneration};
use handshake::Delivery;
use knocks::Knocks;

pub(in crate::serve) use handshake::{Knock, KnockReply};
pub(in crate::serve) use knocks::{MAX_KNOCKS_IN_FLIGHT, MAX_KNOCKS_WAITING, MAX_REQUESTS};
pub(in crate::serve) use resume::{Resumed, ReturnReply};

/// What a sealed room has and an open one has not.
#[derive(Debug)]
pub(super) struct SealedRoom {
    /// What a client shows that has the link.
    door: Token,
    pub(super) seats: Seats,
    knocks: Knocks<oneshot::Sender<Delivery>>,
    /// Participants who had left, and have asked to return; the host has not decided.
    returns: BTreeMap<u32, oneshot::Sender<ReturnReply>>,
    /// What has arrived of the next generation.
    next: NextGeneration,
    /// The generation that has begun last; `None` before the first.
    newest: Option<Arc<Generation>>,
    /// Messages to the host, in order. Each knock has three at most, and those of one that is over are
    /// replaced by its end; each seat has two at most until the host answers.
    to_host: VecDeque<FromRelay>,
}

impl SealedRoom {
    /// An empty room.
    pub(super) fn new(settings: &RoomSettings, door: Token) -> Self {
        Self {
            door,
            seats: Seats::new(settings::rules(settings)),
            knocks: Knocks::default(),
            returns: BTreeMap::new(),
            next: NextGeneration::default(),
            newest: None,
            to_host: VecDeque::new(),
        }
    }
}

impl RoomState {
    /// The sealed room.
    ///
    /// # Errors
    /// In an open room, which has nothing for a client of a sealed one.
    fn sealed(&mut self) -> Result<&mut SealedRoom, Refusal> {
        match self {
            Self::Sealed(sealed) => Ok(sealed),
            Self::Open(_) => Err(Refusal::new(
                RefusalCode::BadJson,
                "this room is not sealed; open its link again",
            )),
        }
    }
}
