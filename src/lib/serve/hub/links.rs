//! Which links admit, as the operator orders it.

use std::time::Instant;

use super::Hub;
use super::room_state::RoomState;
use crate::chat::RoomError;
use crate::control::{LinkNumber, RoomLink};

impl Hub {
    /// Has another link admit.
    pub(super) fn add_link(&self, link: RoomLink) {
        let now = Instant::now();
        match &mut self.lock().room {
            RoomState::Open(open) => open.room.add_link(link, now),
            RoomState::Sealed(sealed) => sealed.doors.add(link, now),
        };
    }

    /// Has a link admit no one any more, nor those who wait and came by it.
    pub(super) fn end_link(&self, number: LinkNumber) {
        let mut inner = self.lock();
        match &mut inner.room {
            RoomState::Open(open) => {
                open.room.end_link(number);
                self.end_waits(&mut inner, Instant::now());
            }
            // Those who wait are the host's.
            RoomState::Sealed(sealed) => {
                sealed.doors.end(number);
            }
        }
    }

    /// Replaces all links by one. Those who are inside an open room learn it.
    pub(super) fn relink(&self, link: RoomLink) {
        let now = Instant::now();
        let mut inner = self.lock();
        match &mut inner.room {
            RoomState::Open(open) => {
                let (event, waited) = open.room.relink(link, now);
                self.publish(&mut inner, [event]);
                for number in waited {
                    self.end_wait(&mut inner, number, RoomError::DeadLink);
                }
            }
            RoomState::Sealed(sealed) => sealed.doors.replace_all(link, now),
        }
    }
}
