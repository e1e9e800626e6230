//! Mutes participants at the operator's order, and tells them.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::{Hub, Inner};
use crate::wire::{self, Refusal};

impl Inner {
    /// The line that only this participant gets, who has read everything up to `cursor`.
    pub(super) fn take_own_line(&mut self, number: u32, cursor: u64) -> Option<String> {
        if !self.own_lines.take(number, cursor) {
            return None;
        }
        Some(match self.room.check_mute(number, Instant::now()) {
            Ok(()) => wire::unmuted_line(),
            Err(muted) => Refusal::from(muted).to_line(),
        })
    }
}

impl Hub {
    /// Refuses what this participant says, for so long. They are told, now and with each welcome.
    pub(super) fn mute(&self, number: u32, span: Option<Duration>) {
        let mut inner = self.lock();
        if inner.room.mute(number, span, Instant::now()) && inner.room.seat(number).is_some() {
            self.add_own_line(&mut inner, number);
        }
    }

    /// Ends a mute, and says so.
    pub(super) fn unmute(&self, number: u32) {
        let mut inner = self.lock();
        if inner.room.unmute(number) {
            self.add_own_line(&mut inner, number);
        }
    }

    /// Tells a participant whether they are muted.
    pub(super) fn add_own_line(&self, inner: &mut Inner, number: u32) {
        let latest = inner.ring.latest_seq();
        inner.own_lines.add(number, latest);
        inner.seat_changes += 1;
        self.notify();
    }
}

impl Connection {
    /// Has a participant who is muted read it again: to be called with each welcome.
    pub(in crate::serve) fn repeat_own_line(&self) {
        let mut inner = self.hub.lock();
        let number = self.id.number;
        if inner.room.check_mute(number, Instant::now()).is_err() {
            inner.own_lines.add(number, self.position.cursor);
        }
    }
}
