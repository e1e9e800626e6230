//! What happened in the room, on its way to everybody: the ring, the bell, the operator.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Hub, Inner};
use crate::chat::{Event, Seat};
use crate::control::{FromServe, Participant};

impl Hub {
    /// Puts events into the ring, wakes the readers and tells the operator.
    pub(super) fn publish(&self, inner: &mut Inner, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        for event in events {
            self.tell_operator(inner, &event);
            let seat = match &event {
                Event::Joined(number) | Event::Said { number, .. } | Event::Left { number, .. } => {
                    inner.room.seat(*number)
                }
            };
            let line = (self.encode)(inner.ring.next(), at, &event, seat);
            inner.ring.push(line, matches!(event, Event::Said { .. }), Instant::now());
        }
        self.bell.send_replace(());
    }

    fn tell_operator(&self, inner: &Inner, event: &Event) {
        let present = inner.room.present();
        let notice = match event {
            Event::Joined(number) => inner
                .room
                .seat(*number)
                .map(|seat| FromServe::Joined { participant: participant(seat), present }),
            Event::Left { number, name, tag } => Some(FromServe::Left {
                participant: Participant {
                    number: *number,
                    name: name.as_str().to_owned(),
                    tag: tag.as_str().to_owned(),
                },
                present,
            }),
            Event::Said { .. } => None,
        };
        if let Some(notice) = notice {
            // Full: the operator's side is stuck, and the room must not wait for it.
            let _ = self.notices.try_send(notice);
        }
    }
}

/// The seat, as others know it.
pub(super) fn participant(seat: &Seat) -> Participant {
    Participant {
        number: seat.number,
        name: seat.name.as_str().to_owned(),
        tag: seat.tag.as_str().to_owned(),
    }
}
