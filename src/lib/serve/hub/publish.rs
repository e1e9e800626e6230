//! What happened in the room, on its way to everybody: the ring, the bell, the operator.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Hub, Inner};
use crate::chat::{Identity, Kind, RoomEvent};
use crate::control::{FromServe, Participant};
use crate::wire;

impl Hub {
    /// Puts events into the ring, wakes the readers and tells the operator.
    pub(super) fn publish(&self, inner: &mut Inner, events: impl IntoIterator<Item = RoomEvent>) {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        for event in events {
            match &event {
                RoomEvent::Joined(who) => inner.roster.came(who),
                RoomEvent::Left(who) => {
                    inner.roster.went(who.number);
                    inner.forget_typing(who.number);
                }
                // Typed before it: told after it, it would be about a message that does not come.
                RoomEvent::Said { number, .. } => inner.forget_typing(*number),
                RoomEvent::Moved { .. } => {}
            }
            self.tell_operator(inner, &event);
            let line = wire::event_line(inner.ring.next(), at, &event);
            inner.ring.push(line, kind(&event), Instant::now());
        }
        self.bell.send_replace(());
    }

    fn tell_operator(&self, inner: &Inner, event: &RoomEvent) {
        let present = inner.room.present();
        let notice = match event {
            RoomEvent::Joined(who) => FromServe::Joined { participant: participant(who), present },
            RoomEvent::Left(who) => FromServe::Left { participant: participant(who), present },
            RoomEvent::Said { .. } | RoomEvent::Moved { .. } => return,
        };
        // Full: the operator's side is stuck, and the room must not wait for it.
        let _ = self.notices.try_send(notice);
    }
}

fn kind(event: &RoomEvent) -> Kind {
    match event {
        RoomEvent::Joined(who) | RoomEvent::Left(who) => Kind::Presence(who.number),
        RoomEvent::Said { number, .. } => Kind::Said(*number),
        RoomEvent::Moved { .. } => Kind::Notice,
    }
}

/// Somebody, as the operator is told of them.
fn participant(who: &Identity) -> Participant {
    Participant {
        number: who.number,
        name: who.name.as_str().to_owned(),
        tag: who.tag.as_str().to_owned(),
    }
}
