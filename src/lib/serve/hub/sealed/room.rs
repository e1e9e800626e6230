//! The state of a sealed room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::generation::{Generation, NextGeneration};
use super::knocks::Knocks;
use super::reply::{Reply, ReturnDecision, Verdict};
use super::waiters::Waiters;
use crate::chat::{Links, Seats};
use crate::config::RoomSettings;
use crate::control::FromRelay;
use crate::serve::hub::settings;
use crate::token::Token;

/// What a sealed room has and an open one has not.
#[derive(Debug)]
pub(in crate::serve::hub) struct SealedRoom {
    /// The doors of all links: what a client shows that has one of them.
    pub(in crate::serve::hub) doors: Links,
    pub(in crate::serve::hub) seats: Seats,
    pub(super) knocks: Knocks<oneshot::Sender<Reply>>,
    /// By their knocks, those about whom the host decides later.
    pub(super) lobby: Waiters<oneshot::Sender<Reply>, Verdict>,
    /// Participants who had left, and have asked to return; the host has not decided.
    pub(super) returns: BTreeMap<u32, oneshot::Sender<ReturnDecision>>,
    /// What has arrived of the next generation.
    pub(super) next: NextGeneration,
    /// The generation that has begun last; `None` before the first.
    pub(super) newest: Option<Arc<Generation>>,
    /// Messages to the host, in order. Each knock has three at most, and those of one that is over are
    /// replaced by its end; each seat has two at most until the host answers.
    pub(super) to_host: VecDeque<FromRelay>,
}

impl SealedRoom {
    /// An empty room.
    pub(in crate::serve::hub) fn new(settings: &RoomSettings, door: Token) -> Self {
        Self {
            doors: Links::new(door),
            seats: Seats::new(settings::rules(settings)),
            knocks: Knocks::default(),
            lobby: Waiters::default(),
            returns: BTreeMap::new(),
            next: NextGeneration::default(),
            newest: None,
            to_host: VecDeque::new(),
        }
    }
}
