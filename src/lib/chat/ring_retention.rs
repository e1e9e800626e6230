//! What the ring forgets: what is beyond a bound, what is too old, and what the operator clears. The
//! memory of a line is overwritten when its last reader has sent it.

use std::time::{Duration, Instant};

use super::ring::Ring;
use super::ring_entry::RingEntry;

impl Ring {
    /// Sets after which time messages are forgotten; `None` is the age of all entries. It holds for those
    /// that are there. What was forgotten does not come back.
    pub(crate) fn set_fade(&mut self, fade: Option<Duration>, now: Instant) {
        // What has faded by now stays away, also if it fades later from now on, or never.
        self.fade_messages(now);
        self.fade = fade;
        self.fade_messages(now);
    }

    /// Forgets everything that was said. Joins, leaves, keys and notices stay.
    pub(crate) fn clear(&mut self) {
        for index in 0..self.messages.len() {
            self.forget_said(index);
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

    /// Whether an entry, if it was said, is to be forgotten before its age ends.
    pub(super) fn has_faded(&self, entry: &RingEntry, now: Instant) -> bool {
        self.fade.is_some_and(|fade| now.saturating_duration_since(entry.at) >= fade)
    }

    fn fade_messages(&mut self, now: Instant) {
        let end = self.messages.partition_point(|entry| self.has_faded(entry, now));
        for index in 0..end {
            self.forget_said(index);
        }
    }

    /// Forgets the line of an entry of `messages` that was said.
    fn forget_said(&mut self, index: usize) {
        let entry = &mut self.messages[index];
        if entry.is_said() {
            self.bytes -= entry.memory_bytes();
            entry.forget();
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
