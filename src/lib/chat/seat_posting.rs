//! What a participant may post: rate limit, mute, slow mode.

use std::time::{Duration, Instant};

use super::room_error::RoomError;
use super::seat::Activity;
use super::seat_retention::MAX_RETAINED_SEATS;
use super::seats::{Posting, Seats};

impl Seats {
    /// Counts a message towards the participant's rate limit and slow mode, unless it repeats an earlier one
    /// under the same reference.
    ///
    /// # Errors
    /// When the participant is muted, has to wait, or is not present. Nothing is counted then.
    pub(crate) fn post(
        &mut self,
        number: u32,
        reference: Option<&str>,
        now: Instant,
    ) -> Result<Posting, RoomError> {
        let seat = self.by_number.get_mut(&number).filter(|seat| seat.is_present());
        let seat = seat.ok_or(RoomError::NoSeat)?;
        if reference.is_some_and(|reference| seat.has_posted(reference)) {
            return Ok(Posting::Repeated);
        }
        self.mutes.check(number, now)?;
        self.slow_mode.check(number, now)?;
        seat.bucket.take(now).map_err(RoomError::TooFast)?;
        self.slow_mode.note(number, now);
        seat.activity = Activity::Posted;
        if let Some(reference) = reference {
            seat.remember_reference(reference);
        }
        Ok(Posting::Accepted)
    }

    /// Whether to relay that a participant is typing; not of one who is muted.
    pub(crate) fn accept_typing(&mut self, number: u32, now: Instant) -> bool {
        if self.mutes.check(number, now).is_err() {
            return false;
        }
        let seat = self.by_number.get_mut(&number).filter(|seat| seat.is_present());
        seat.is_some_and(|seat| seat.accept_typing(now))
    }

    /// Refuses what this participant says from now on, for so long; `None` is until [`Seats::unmute`].
    /// Replaces an earlier mute. Returns whether it holds: for a participant who is present, or may return,
    /// or has no seat yet. Of the last, no more are muted than there may be seats.
    pub(crate) fn mute(&mut self, number: u32, span: Option<Duration>, now: Instant) -> bool {
        let is_expected = number > self.last_number && self.mutes.len() < self.max_mutes();
        let is_known = self.by_number.contains_key(&number) || is_expected;
        if is_known {
            self.mutes.begin(number, span, now);
        }
        is_known
    }

    /// Ends a mute. Returns whether there was one.
    pub(crate) fn unmute(&mut self, number: u32) -> bool {
        self.mutes.end(number)
    }

    /// Whether this participant may say something, as far as mutes go.
    ///
    /// # Errors
    /// [`RoomError::Muted`], with the time that is left.
    pub(crate) fn check_mute(&self, number: u32, now: Instant) -> Result<(), RoomError> {
        self.mutes.check(number, now)
    }

    /// Ends the mutes whose time is over, and returns whose they were. Call it about once a second.
    pub(crate) fn expire_mutes(&mut self, now: Instant) -> Vec<u32> {
        self.mutes.expire(now)
    }

    fn max_mutes(&self) -> usize {
        self.rules.max_participants + MAX_RETAINED_SEATS
    }
}
