//! The seats of a room: who is present, who may return, what each may still post. By number: names and
//! texts are no concern of theirs, so that they serve a sealed room as they serve an open one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::mutes::Mutes;
use super::removed::Removed;
use super::room_error::RoomError;
use super::seat::{Activity, Presence, Seat};
use super::slow_mode::SlowMode;
use crate::control::RoomRules;
use crate::rate_limit::{RateLimit, TokenBucket};
use crate::token::Token;

/// What the operator configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// On the roster at the same time.
    pub(crate) max_participants: usize,
    /// Of the messages of one participant.
    pub(crate) rate_limit: RateLimit,
    /// How long the seat and the name of a participant who left are kept.
    pub(crate) retention: Duration,
}

/// What became of a seat without a request of its participant, or at the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatEvent {
    /// The participant is no longer present, and may return as long as the seat is retained.
    Left(u32),
    /// The participant, who has left, cannot return: the resume token admits nobody.
    GivenUp {
        number: u32,
        /// The most that the participant has done.
        activity: Activity,
    },
}

/// Whose resume token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returning {
    /// Of a participant who is present, and is on a new transport now.
    Present(u32),
    /// Of a participant who had left. Nothing has changed; [`Seats::readmit`] is the return.
    Left(u32),
}

/// Whether a message is to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Posting {
    /// It is a new one.
    Accepted,
    /// An earlier one had the same reference.
    Repeated,
}

/// The seats by the numbers of their participants.
#[derive(Debug)]
pub(crate) struct Seats {
    pub(super) rules: Rules,
    pub(super) by_number: BTreeMap<u32, Seat>,
    pub(super) present: usize,
    /// The highest number that has had a seat.
    pub(super) last_number: u32,
    /// What the operator may change while the session goes on.
    pub(super) room_rules: RoomRules,
    pub(super) mutes: Mutes,
    pub(super) slow_mode: SlowMode,
    removed: Removed,
}

impl Seats {
    /// No seats.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            by_number: BTreeMap::new(),
            present: 0,
            last_number: 0,
            room_rules: RoomRules::default(),
            mutes: Mutes::default(),
            slow_mode: SlowMode::default(),
            removed: Removed::default(),
        }
    }

    /// How many participants are present.
    pub(crate) fn present_count(&self) -> usize {
        self.present
    }

    /// The seats of those who are present, from this number on, in the order of their numbers.
    pub(crate) fn present_from(&self, number: u32) -> impl Iterator<Item = &Seat> {
        self.by_number.range(number..).map(|(_, seat)| seat).filter(|seat| seat.is_present())
    }

    /// The participants who are present, in the order of their numbers.
    #[cfg(test)]
    pub(crate) fn present(&self) -> impl Iterator<Item = u32> {
        self.present_from(0).map(Seat::number)
    }

    /// The seat of a participant, present or retained.
    pub(crate) fn get(&self, number: u32) -> Option<&Seat> {
        self.by_number.get(&number)
    }

    /// Whether the others count this participant as present.
    pub(crate) fn is_present(&self, number: u32) -> bool {
        self.get(number).is_some_and(Seat::is_present)
    }

    /// The number of the transport that may act for this participant.
    pub(crate) fn transport(&self, number: u32) -> Option<u64> {
        self.get(number).map(|seat| seat.transport)
    }

    /// Seats a newcomer under a number that is higher than all before it; `None`, and no seat, if it is
    /// not. Whether there is a place is for the caller to find out.
    pub(crate) fn admit(&mut self, number: u32, token: Token, now: Instant) -> Option<&Seat> {
        if number <= self.last_number {
            return None;
        }
        Some(self.admit_earlier(number, token, now))
    }

    /// As [`Seats::admit`], for a number that was assigned before others that have a seat by now. It has never
    /// had one: the caller sees to that.
    pub(super) fn admit_earlier(&mut self, number: u32, token: Token, now: Instant) -> &Seat {
        self.last_number = self.last_number.max(number);
        self.present += 1;
        let bucket = TokenBucket::new(self.rules.rate_limit, now);
        self.by_number.entry(number).or_insert(Seat::new(number, token, bucket))
    }

    /// Decides what a newcomer may read: everything after the event `joined_seq`, and of the messages
    /// before it those after the cursor `start`.
    pub(crate) fn grant_history(&mut self, number: u32, start: u64, joined_seq: u64) {
        if let Some(seat) = self.by_number.get_mut(&number) {
            seat.joined_seq = joined_seq;
            seat.history_start = start.min(joined_seq);
        }
    }

    /// Notes that a participant came by an invite.
    pub(super) fn mark_invited(&mut self, number: u32) {
        if let Some(seat) = self.by_number.get_mut(&number) {
            seat.by_invite = true;
        }
    }

    /// Notes that a participant was sent everything up to `cursor`. What of it is older than the join
    /// is not sent again.
    pub(crate) fn mark_history_read(&mut self, number: u32, cursor: u64) {
        if let Some(seat) = self.by_number.get_mut(&number) {
            seat.history_start = seat.history_start.max(cursor.min(seat.joined_seq));
        }
    }

    /// Notes that the client of this participant has sent something after the join.
    pub(crate) fn mark_active(&mut self, number: u32) {
        if let Some(seat) = self.by_number.get_mut(&number) {
            seat.activity = seat.activity.max(Activity::Active);
        }
    }

    /// Finds the participant who has this resume token, and moves one who is present to a new transport.
    ///
    /// # Errors
    /// [`RoomError::NoSeat`] when there is no such seat, or the secret is wrong; [`RoomError::Removed`] when
    /// the operator has removed the participant who had it.
    pub(crate) fn resume(&mut self, token: &str) -> Result<Returning, RoomError> {
        let (number, secret) = Seat::parse_resume_token(token).ok_or(RoomError::NoSeat)?;
        if self.removed.has_token(number, &secret) {
            return Err(RoomError::Removed);
        }
        let seat = self.by_number.get_mut(&number).filter(|seat| seat.token == secret);
        let seat = seat.ok_or(RoomError::NoSeat)?;
        if !seat.is_present() {
            return Ok(Returning::Left(number));
        }
        seat.reconnect();
        Ok(Returning::Present(number))
    }

    /// Returns a participant who had left, on a new transport. `None` if the participant has not left, or
    /// can no longer return. Whether there is a place is for the caller to find out.
    pub(crate) fn readmit(&mut self, number: u32) -> Option<&Seat> {
        let seat = self.by_number.get_mut(&number).filter(|seat| !seat.is_present())?;
        seat.reconnect();
        self.present += 1;
        Some(seat)
    }

    /// Notes that a transport was lost. If the seat has no newer one, the time for a silent return
    /// begins.
    pub(crate) fn detach(&mut self, number: u32, transport: u64, now: Instant) {
        if let Some(seat) = self.by_number.get_mut(&number)
            && seat.transport == transport
            && seat.presence == Presence::Connected
        {
            seat.presence = Presence::Disconnected(now);
        }
    }

    /// Gives up the seat of a participant for good.
    pub(crate) fn leave(&mut self, number: u32, now: Instant) -> Vec<SeatEvent> {
        let left = self.mark_left(number, now);
        left.into_iter().chain(self.give_up(number)).collect()
    }

    /// Removes a participant at the word of the operator, present or not: seat and resume token are void.
    pub(crate) fn remove(&mut self, number: u32, now: Instant) -> Vec<SeatEvent> {
        if let Some(seat) = self.by_number.get(&number) {
            self.removed.add(number, seat.token.clone());
        }
        self.leave(number, now)
    }

    /// Whether the operator has removed this participant, who had a seat.
    pub(crate) fn is_removed(&self, number: u32) -> bool {
        self.removed.contains(number)
    }

    /// Removes a present participant from the roster and retains the seat.
    pub(super) fn mark_left(&mut self, number: u32, now: Instant) -> Option<SeatEvent> {
        let seat = self.by_number.get_mut(&number).filter(|seat| seat.is_present())?;
        seat.presence = Presence::Left(now);
        self.present -= 1;
        Some(SeatEvent::Left(number))
    }

    /// Removes the seat of a participant who has left.
    pub(super) fn give_up(&mut self, number: u32) -> Option<SeatEvent> {
        let seat = self.by_number.remove(&number)?;
        self.forget_orders(number);
        Some(SeatEvent::GivenUp { number, activity: seat.activity })
    }

    /// Forgets what was kept beside the seat of one who cannot return.
    pub(super) fn forget_orders(&mut self, number: u32) {
        self.mutes.end(number);
        self.slow_mode.forget(number);
    }
}
