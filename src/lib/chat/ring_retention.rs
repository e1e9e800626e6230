//! What the ring forgets: what is beyond a bound, what is too old, and what the operator clears. The
//! memory of a line is overwritten when its last reader has sent it.

use std::time::{Duration, Instant};

use super::ring::{Ring, RingEntry};

impl Ring {
    /// Sets after which time messages are forgotten; `None` is the age of all entries. It holds for those
    /// that are there. What was forgotten does not come back.
    pub(crate) fn set_fade(&mut self, fade: Option<Duration>, now: Instant) {
        self.fade = fade;
        self.expire(now);
    }

    /// Forgets everything that was said. Joins, leaves, keys and notices stay.
    pub(crate) fn clear(&mut self) {
        for entry in &mut self.messages {
            if entry.kind.is_said() {
                self.bytes -= entry.memory_bytes();
                entry.line = None;
            }
        }
    }

    /// Forgets what is too old at `now`.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.fade_messages(now);
        let age = self.bounds.age;
        let is_expired = |entry: &RingEntry| now.saturating_duration_since(entry.at) >= age;
        while self.messages.front().is_some_and(is_expired) {
            self.forget_message();
        }
        while self.presence.front().is_some_and(is_expired) {
            self.forget_presence();
        }
    }

    fn fade_messages(&mut self, now: Instant) {
        let Some(fade) = self.fade else { return };
        let is_faded = |entry: &RingEntry| now.saturating_duration_since(entry.at) >= fade;
        for entry in self.messages.iter_mut().take_while(|entry| is_faded(entry)) {
            if entry.kind.is_said() {
                self.bytes -= entry.memory_bytes();
                entry.line = None;
            }
        }
    }

    pub(super) fn forget_message(&mut self) {
        if let Some(entry) = self.messages.pop_front() {
            self.bytes -= entry.memory_bytes();
        }
    }

    pub(super) fn forget_presence(&mut self) {
        if let Some(entry) = self.presence.pop_front() {
            self.presence_bytes -= entry.memory_bytes();
        }
    }
}
