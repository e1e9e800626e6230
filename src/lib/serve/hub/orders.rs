//! Carries out what the operator orders, in open and sealed rooms.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::publish::unix_milliseconds;
use super::room_state::RoomState;
use super::{Hub, Inner};
use crate::chat::{EntryKind, RoomError};
use crate::control::{RoomOrder, RoomRules, Sealed};
use crate::wire::{self, RulesView};

impl Hub {
    /// Carries out an order. One about a participant who has no seat has no effect, nor has one that is for
    /// rooms of the other mode. [`RoomOrder::Panic`] ends the process and is not for the room.
    pub(in crate::serve) fn carry_out_order(&self, order: RoomOrder) {
        match order {
            RoomOrder::Rules(rules) => self.set_rules(rules),
            RoomOrder::Announce { text } => self.announce(&text),
            RoomOrder::AnnounceSealed { body } => self.announce_sealed(&body),
            RoomOrder::Remove { number } => self.remove(number),
            RoomOrder::Mute { number, seconds } => {
                self.mute(number, seconds.map(Duration::from_secs));
            }
            RoomOrder::Unmute { number } => self.unmute(number),
            RoomOrder::Admit { number } => self.admit_waiting(number),
            RoomOrder::Reject { number } => self.reject_waiting(number),
            RoomOrder::AddLink(link) => self.add_link(link),
            RoomOrder::EndLink { number } => self.end_link(number),
            RoomOrder::Relink(link) => self.relink(link),
            RoomOrder::Clear => self.clear(),
            RoomOrder::ListConnections { request } => self.list_connections(request),
            RoomOrder::Panic => {}
        }
    }

    /// Has these rules hold from now on, and says so if they are others than before.
    fn set_rules(&self, rules: RoomRules) {
        let mut inner = self.lock();
        if inner.set_rules(rules, Instant::now()) {
            let view = inner.rules_view();
            inner.push(EntryKind::Notice, |seq| wire::rules_line(seq, view).into());
            self.notify();
        }
    }

    fn announce_sealed(&self, body: &Sealed) {
        let mut inner = self.lock();
        if matches!(inner.room, RoomState::Sealed(_)) {
            inner.push_announcement(&body.to_text());
            self.notify();
        }
    }

    /// Removes a participant, present or away, or a person in the lobby. They are told so.
    fn remove(&self, number: u32) {
        let mut inner = self.lock();
        let now = Instant::now();
        match &mut inner.room {
            RoomState::Open(open) => {
                let waited = open.room.waits(number);
                let event = open.room.remove(number, now);
                self.publish(&mut inner, event);
                if waited {
                    self.end_wait(&mut inner, number, RoomError::Removed);
                }
            }
            RoomState::Sealed(sealed) => sealed.remove(number, now),
        }
        inner.seat_changes += 1;
        self.notify();
    }
}

impl Inner {
    /// Replaces the rules, and shortens what the ring remembers. Returns whether they are others than before.
    pub(super) fn set_rules(&mut self, rules: RoomRules, now: Instant) -> bool {
        let fade = NonZeroU32::new(rules.fade).map(|fade| Duration::from_secs(fade.get().into()));
        self.ring.set_fade(fade, now);
        self.room.set_rules(rules)
    }

    /// The rules as clients read them now.
    pub(super) fn rules_view(&self) -> RulesView {
        RulesView::new(self.room.rules(), unix_milliseconds())
    }

    /// Publishes an announcement of the host. [`Hub::notify`] follows.
    pub(super) fn push_announcement(&mut self, body: &str) {
        let at = unix_milliseconds();
        self.push(EntryKind::Announcement, |seq| wire::announced_line(seq, at, body).into());
    }
}
