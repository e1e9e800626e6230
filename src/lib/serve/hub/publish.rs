//! Publishes events: into the ring, to the operator, to the readers.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Hub, Inner};
use crate::chat::{EntryKind, Identity, RoomEvent};
use crate::control::{FromServe, Participant};
use crate::wire;

impl Hub {
    /// Applies the timeouts of room and ring. Call it about once a second.
    pub(in crate::serve) fn tick(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.ring.expire(now);
        let events = inner.room.expire(now);
        self.publish(&mut inner, events);
    }

    /// Announces the public address: a client that came by an older one cannot return by that, and one on
    /// this computer learns the link for others.
    pub(in crate::serve) fn announce_url(&self, url: String) {
        let mut inner = self.lock();
        inner.public_address = Some(url.as_str().into());
        self.publish(&mut inner, [RoomEvent::Moved { url }]);
    }

    /// Appends events to the ring, notifies the operator, then wakes the readers.
    pub(super) fn publish(&self, inner: &mut Inner, events: impl IntoIterator<Item = RoomEvent>) {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        for event in events {
            match &event {
                RoomEvent::Joined(identity) => inner.roster.add(identity),
                RoomEvent::Left(identity) => {
                    inner.roster.remove(identity.number);
                    inner.clear_typing(identity.number);
                }
                // A note that is read after the message would announce a further one.
                RoomEvent::Message { number, .. } => inner.clear_typing(*number),
                RoomEvent::Moved { .. } => {}
            }
            self.notify_operator(inner, &event);
            let line = wire::event_line(inner.ring.next_seq(), at, &event);
            inner.ring.push(line, entry_kind(&event), Instant::now());
        }
        self.notify();
    }

    fn notify_operator(&self, inner: &Inner, event: &RoomEvent) {
        let present = inner.room.present_count();
        let notice = match event {
            RoomEvent::Joined(identity) => {
                FromServe::Joined { participant: participant(identity), present }
            }
            RoomEvent::Left(identity) => {
                FromServe::Left { participant: participant(identity), present }
            }
            RoomEvent::Message { .. } | RoomEvent::Moved { .. } => return,
        };
        // Fails when the channel is full: the reader of the notices is stuck, and the room does not
        // wait for it.
        let _ = self.notices.try_send(notice);
    }
}

impl Inner {
    /// Removes the "typing" notes of a participant who has posted the message, or has left.
    fn clear_typing(&mut self, number: u32) {
        self.typing.retain(|(_, typist)| *typist != number);
    }
}

fn entry_kind(event: &RoomEvent) -> EntryKind {
    match event {
        RoomEvent::Joined(identity) | RoomEvent::Left(identity) => {
            EntryKind::Presence(identity.number)
        }
        RoomEvent::Message { number, .. } => EntryKind::Message(*number),
        RoomEvent::Moved { .. } => EntryKind::Notice,
    }
}

fn participant(identity: &Identity) -> Participant {
    Participant {
        number: identity.number.into(),
        name: identity.name.as_str().to_owned(),
        tag: identity.tag.as_str().to_owned(),
    }
}
