//! Slow mode: one message of each participant per span. By the number of the participant, so that a return
//! does not shorten the wait.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::room_error::RoomError;

/// Memory of an entry at most, in bytes, in a tree whose nodes are at least half full.
pub(crate) const SLOW_MODE_BYTES: usize = 2 * size_of::<(u32, Instant)>();

/// The span, and who has posted within it. Empty while slow mode is off, so that a seat has nothing of it.
#[derive(Debug, Default)]
pub(super) struct SlowMode {
    /// From one message of a participant to their next; zero is no such limit.
    span: Duration,
    /// When a participant posted last, since slow mode is on.
    posted_at: BTreeMap<u32, Instant>,
}

impl SlowMode {
    /// Sets the span; zero is off. What was posted before slow mode was on does not count.
    pub(super) fn set(&mut self, span: Duration) {
        self.span = span;
        if span.is_zero() {
            self.posted_at.clear();
        }
    }

    /// Whether this participant may post.
    ///
    /// # Errors
    /// [`RoomError::Slow`], with the time that is left.
    pub(super) fn check(&self, number: u32, now: Instant) -> Result<(), RoomError> {
        let Some(posted_at) = self.posted_at.get(&number) else { return Ok(()) };
        let left = self.span.saturating_sub(now.saturating_duration_since(*posted_at));
        if left.is_zero() { Ok(()) } else { Err(RoomError::Slow(left)) }
    }

    /// Notes that this participant has posted.
    pub(super) fn note(&mut self, number: u32, now: Instant) {
        if !self.span.is_zero() {
            self.posted_at.insert(number, now);
        }
    }

    /// Forgets a participant who cannot return.
    pub(super) fn forget(&mut self, number: u32) {
        self.posted_at.remove(&number);
    }
}
