//! Publishes events of an open room: into the ring, to the operator, to the readers.

use crate::chat::{EntryKind, Identity, RoomEvent};
use crate::control::{FromServe, Participant};
use crate::serve::hub::publish::unix_milliseconds;
use crate::serve::hub::room_state::RoomState;
use crate::serve::hub::{Hub, Inner};
use crate::wire;

impl Hub {
    /// Appends events to the ring, notifies the operator, then wakes the readers.
    pub(in crate::serve::hub) fn publish(
        &self,
        inner: &mut Inner,
        events: impl IntoIterator<Item = RoomEvent>,
    ) {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return;
        }
        let at = unix_milliseconds();
        for event in events {
            if let RoomState::Open(open) = &mut inner.room {
                open.roster.apply(&event);
            }
            match &event {
                RoomEvent::Left(identity) => inner.clear_typing(identity.number),
                // A note that is read after the message would announce a further one.
                RoomEvent::Message { number, .. } => inner.clear_typing(*number),
                RoomEvent::Joined(_) | RoomEvent::Moved { .. } => {}
            }
            self.notify_operator(inner, &event);
            inner.push(entry_kind(&event), |seq| wire::event_line(seq, at, &event).into());
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

pub(super) fn participant(identity: &Identity) -> Participant {
    Participant {
        number: identity.number.into(),
        name: identity.name.as_str().to_owned(),
        tag: identity.tag.as_str().to_owned(),
    }
}
