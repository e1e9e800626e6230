//! Removes a participant of a sealed room.

use std::time::Instant;

use super::reply::ReturnDecision;
use super::room::SealedRoom;
use crate::chat::RoomError;

impl SealedRoom {
    /// Voids the seat of a participant, who cannot return. The host has decided it and needs no report.
    pub(in crate::serve::hub) fn remove(&mut self, number: u32, now: Instant) {
        self.seats.remove(number, now);
        if let Some(waiter) = self.returns.remove(&number) {
            // Fails if the client is gone.
            let _ = waiter.send(ReturnDecision::Refused(RoomError::Removed.into()));
        }
    }
}
