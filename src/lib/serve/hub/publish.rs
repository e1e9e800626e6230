//! Publishes events of the room, open or sealed, and applies its timeouts.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::room_state::RoomState;
use super::{Hub, Inner};
use crate::chat::{EntryKind, EventLine, RoomEvent};

impl Hub {
    /// Applies the timeouts of room and ring. Call it about once a second.
    pub(in crate::serve) fn tick(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.ring.expire(now);
        for number in inner.room.expire_mutes(now) {
            self.add_own_line(&mut inner, number);
        }
        match &mut inner.room {
            RoomState::Open(open) => {
                let events = open.room.expire(now);
                self.publish(&mut inner, events);
                self.end_waits(&mut inner, now);
            }
            RoomState::Sealed(sealed) => {
                let events = sealed.seats.expire(now);
                self.report_gone(sealed, events);
            }
        }
        inner.forget_seatless();
    }

    /// Notes the public address. An open room announces it: a client that came by an older one cannot
    /// return by that, and one on this computer learns the link for others. In a sealed room, only the host
    /// can.
    pub(in crate::serve) fn set_public_address(&self, url: String) {
        let mut inner = self.lock();
        inner.public_address = Some(url.as_str().into());
        if let RoomState::Open(_) = inner.room {
            self.publish(&mut inner, [RoomEvent::Moved { url }]);
        }
    }
}

impl Inner {
    /// Forgets what is kept of participants who have no seat any more.
    fn forget_seatless(&mut self) {
        let Self { room, own_lines, pollers, .. } = self;
        own_lines.retain(|number| room.seat(number).is_some());
        pollers.retain(|number| room.seat(number).is_some());
    }

    /// Appends the event that `line` writes under this number in the ring. [`Hub::notify`] follows.
    pub(super) fn push(&mut self, kind: EntryKind, line: impl FnOnce(u64) -> EventLine) {
        let line = line(self.ring.next_seq());
        self.ring.push(line, kind, Instant::now());
    }
}

/// Milliseconds since 1970, for the times that clients show.
pub(super) fn unix_milliseconds() -> u64 {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
