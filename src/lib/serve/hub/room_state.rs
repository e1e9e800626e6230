//! The room, open or sealed, for what does not depend on that: seats by number.

use std::time::{Duration, Instant};

use super::open::OpenRoom;
use super::sealed::SealedRoom;
use crate::chat::{RoomError, Seat};
use crate::control::RoomRules;
use crate::wire::{Refusal, RefusalCode};

/// The state of the room that differs between an open and a sealed one.
#[derive(Debug)]
pub(super) enum RoomState {
    /// The server reads names and texts.
    Open(OpenRoom),
    /// The server relays what it cannot read.
    Sealed(SealedRoom),
}

impl RoomState {
    /// The open room.
    ///
    /// # Errors
    /// In a sealed room, which has no seat for a client of an open one.
    pub(super) fn open(&mut self) -> Result<&mut OpenRoom, RoomError> {
        match self {
            Self::Open(open) => Ok(open),
            Self::Sealed(_) => Err(RoomError::NoSeat),
        }
    }

    /// The sealed room.
    ///
    /// # Errors
    /// In an open room, which has nothing for a client of a sealed one.
    pub(super) fn sealed(&mut self) -> Result<&mut SealedRoom, Refusal> {
        match self {
            Self::Sealed(sealed) => Ok(sealed),
            Self::Open(_) => {
                let text = "this room is not sealed; open its link again";
                Err(Refusal::new(RefusalCode::BadJson, text))
            }
        }
    }

    /// How many participants are present.
    pub(super) fn present_count(&self) -> usize {
        match self {
            Self::Open(open) => open.room.present_count(),
            Self::Sealed(sealed) => sealed.seats.present_count(),
        }
    }

    /// How many people wait in the lobby.
    pub(super) fn waiting_count(&self) -> usize {
        match self {
            Self::Open(open) => open.room.waiting().count(),
            Self::Sealed(sealed) => sealed.waiting_count(),
        }
    }

    /// Refuses all who wait to be let in, because the session ends.
    pub(super) fn refuse_waiting(&mut self) {
        match self {
            Self::Open(open) => open.refuse_waiting(),
            Self::Sealed(sealed) => sealed.refuse_waiting(),
        }
    }

    /// The seat of a participant, also of one who left, as long as it is retained.
    pub(super) fn seat(&self, number: u32) -> Option<&Seat> {
        match self {
            Self::Open(open) => open.room.seat(number),
            Self::Sealed(sealed) => sealed.seats.get(number),
        }
    }

    /// The number of the transport that may act for this participant.
    pub(super) fn transport(&self, number: u32) -> Option<u64> {
        match self {
            Self::Open(open) => open.room.transport(number),
            Self::Sealed(sealed) => sealed.seats.transport(number),
        }
    }

    /// Notes that a participant was sent everything up to `cursor`.
    pub(super) fn mark_history_read(&mut self, number: u32, cursor: u64) {
        match self {
            Self::Open(open) => open.room.mark_history_read(number, cursor),
            Self::Sealed(sealed) => sealed.seats.mark_history_read(number, cursor),
        }
    }

    /// Notes that the client of this participant has sent something after the welcome.
    pub(super) fn mark_active(&mut self, number: u32) {
        match self {
            Self::Open(open) => open.room.mark_active(number),
            Self::Sealed(sealed) => sealed.seats.mark_active(number),
        }
    }

    /// The seats of those who are present, from this number on.
    pub(super) fn present_from(&self, number: u32) -> Box<dyn Iterator<Item = &Seat> + '_> {
        match self {
            Self::Open(open) => Box::new(open.room.present_from(number)),
            Self::Sealed(sealed) => Box::new(sealed.seats.present_from(number)),
        }
    }

    /// The rules that hold for all.
    pub(super) fn rules(&self) -> RoomRules {
        match self {
            Self::Open(open) => open.room.rules(),
            Self::Sealed(sealed) => sealed.seats.room_rules(),
        }
    }

    /// Replaces the rules. Returns whether they are others than before.
    pub(super) fn set_rules(&mut self, rules: RoomRules) -> bool {
        match self {
            Self::Open(open) => open.room.set_rules(rules),
            Self::Sealed(sealed) => sealed.seats.set_room_rules(rules),
        }
    }

    /// Whether the operator has removed this participant, who had a seat.
    pub(super) fn is_removed(&self, number: u32) -> bool {
        match self {
            Self::Open(open) => open.room.is_removed(number),
            Self::Sealed(sealed) => sealed.seats.is_removed(number),
        }
    }

    /// Mutes a participant for so long; `None` is until [`RoomState::unmute`]. Returns whether it holds.
    pub(super) fn mute(&mut self, number: u32, span: Option<Duration>, now: Instant) -> bool {
        match self {
            Self::Open(open) => open.room.mute(number, span, now),
            Self::Sealed(sealed) => sealed.seats.mute(number, span, now),
        }
    }

    /// Ends a mute. Returns whether there was one.
    pub(super) fn unmute(&mut self, number: u32) -> bool {
        match self {
            Self::Open(open) => open.room.unmute(number),
            Self::Sealed(sealed) => sealed.seats.unmute(number),
        }
    }

    /// Whether this participant may say something, as far as mutes go.
    ///
    /// # Errors
    /// [`RoomError::Muted`], with the time that is left.
    pub(super) fn check_mute(&self, number: u32, now: Instant) -> Result<(), RoomError> {
        match self {
            Self::Open(open) => open.room.check_mute(number, now),
            Self::Sealed(sealed) => sealed.seats.check_mute(number, now),
        }
    }

    /// Ends the mutes whose time is over, and returns whose they were.
    pub(super) fn expire_mutes(&mut self, now: Instant) -> Vec<u32> {
        match self {
            Self::Open(open) => open.room.expire_mutes(now),
            Self::Sealed(sealed) => sealed.seats.expire_mutes(now),
        }
    }

    /// Notes that a transport was lost.
    pub(super) fn detach(&mut self, number: u32, transport: u64, now: Instant) {
        match self {
            Self::Open(open) => open.room.detach(number, transport, now),
            Self::Sealed(sealed) => sealed.seats.detach(number, transport, now),
        }
    }
}
