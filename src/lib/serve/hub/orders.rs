//! Carries out what the operator orders, in open and sealed rooms.

use std::time::Instant;

use super::publish::unix_milliseconds;
use super::room_state::RoomState;
use super::{Hub, Inner};
use crate::chat::EntryKind;
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
            RoomOrder::Mute { .. }
            | RoomOrder::Unmute { .. }
            | RoomOrder::Admit { .. }
            | RoomOrder::Reject { .. }
            | RoomOrder::AddLink(_)
            | RoomOrder::EndLink { .. }
            | RoomOrder::Relink(_)
            | RoomOrder::Clear
            | RoomOrder::ListConnections { .. }
            | RoomOrder::Panic => {}
        }
    }

    /// Has these rules hold from now on, and says so if they are others than before.
    fn set_rules(&self, rules: RoomRules) {
        let mut inner = self.lock();
        if inner.rules == rules {
            return;
        }
        inner.rules = rules;
        let view = inner.rules_view();
        inner.push(EntryKind::Notice, |seq| wire::rules_line(seq, view).into());
        self.notify();
    }

    fn announce_sealed(&self, body: &Sealed) {
        let mut inner = self.lock();
        if matches!(inner.room, RoomState::Sealed(_)) {
            inner.push_announcement(&body.to_text());
            self.notify();
        }
    }

    /// Removes a participant, who is told so.
    fn remove(&self, number: u32) {
        let mut inner = self.lock();
        if inner.room.seat(number).is_none() {
            return;
        }
        inner.removed.insert(number);
        inner.seat_changes += 1;
        let now = Instant::now();
        match &mut inner.room {
            RoomState::Open(open) => {
                let event = open.room.leave(number, now);
                self.publish(&mut inner, event);
            }
            RoomState::Sealed(sealed) => sealed.remove(number, now),
        }
        self.notify();
    }
}

impl Inner {
    /// The rules as clients read them now.
    pub(super) fn rules_view(&self) -> RulesView {
        RulesView::new(self.rules, unix_milliseconds())
    }

    /// Publishes an announcement of the host. [`Hub::notify`] follows.
    pub(super) fn push_announcement(&mut self, body: &str) {
        let at = unix_milliseconds();
        self.push(EntryKind::Notice, |seq| wire::announced_line(seq, at, body).into());
    }
}
