//! The seats of a room: who is present, who may return, what each may still post. By number: names and
//! texts are no concern of theirs, so that they serve a sealed room as they serve an open one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::room_error::RoomError;
use super::seat::{Activity, Presence, Seat};
use crate::rate_limit::{RateLimit, TokenBucket};
use crate::token::Token;

/// A participant whose last transport was lost may return unnoticed within this time: a phone that
/// changes from Wi-Fi to mobile, a page that is resumed, a laptop lid.
pub(crate) const SILENT_RETURN_TIMEOUT: Duration = Duration::from_secs(30);

/// A participant who did more than join keeps the seat in a full room for this long after a disconnect:
/// a phone that changes its network returns within seconds.
const PROTECTED_RETURN_TIMEOUT: Duration = Duration::from_secs(10);

/// Most seats that are retained for participants who left. Beyond it, seats with the least activity go
/// first, then the oldest; their names stay reserved.
pub(crate) const MAX_RETAINED_SEATS: usize = 1024;

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
    rules: Rules,
    by_number: BTreeMap<u32, Seat>,
    present: usize,
    /// The highest number that has had a seat.
    last_number: u32,
}

impl Seats {
    /// No seats.
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, by_number: BTreeMap::new(), present: 0, last_number: 0 }
    }

    /// How many participants are present.
    pub(crate) fn present_count(&self) -> usize {
        self.present
    }

    /// The participants who are present, in the order of their numbers.
    #[cfg(test)]
    pub(crate) fn present(&self) -> impl Iterator<Item = u32> {
        self.by_number.values().filter(|seat| seat.is_present()).map(|seat| seat.number)
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

    /// A place for one more: a free one (`None`), or that of a disconnected participant, who is to be
    /// displaced.
    ///
    /// # Errors
    /// [`RoomError::Full`] if there is neither.
    pub(crate) fn find_place(&self, now: Instant) -> Result<Option<u32>, RoomError> {
        if self.present < self.rules.max_participants {
            return Ok(None);
        }
        let (.., number) = self.displaceable(now).min().ok_or(RoomError::Full)?;
        Ok(Some(number))
    }

    /// Displaces as many disconnected participants as it takes, and as there are, so that `newcomers`
    /// more have a place.
    pub(crate) fn make_places(&mut self, newcomers: usize, now: Instant) -> Vec<SeatEvent> {
        let needed = self.present.saturating_add(newcomers);
        let missing = needed.saturating_sub(self.rules.max_participants);
        if missing == 0 {
            return Vec::new();
        }
        let mut displaceable: Vec<_> = self.displaceable(now).collect();
        displaceable.sort_unstable();
        let displaced = displaceable.into_iter().take(missing);
        displaced.flat_map(|(.., number)| self.displace(number, now)).collect()
    }

    /// The disconnected participants who may lose their place, the least is the first to lose it: those
    /// who only joined, then the longest disconnected.
    fn displaceable(&self, now: Instant) -> impl Iterator<Item = (bool, Instant, u32)> {
        let disconnected = self.by_number.values().filter_map(|seat| match seat.presence {
            Presence::Disconnected(since) => {
                Some((seat.activity != Activity::JoinedOnly, since, seat.number))
            }
            Presence::Connected | Presence::Left(_) => None,
        });
        disconnected.filter(move |(was_active, since, _)| {
            !was_active || now.saturating_duration_since(*since) >= PROTECTED_RETURN_TIMEOUT
        })
    }

    /// Takes a disconnected participant off the roster before the timeout. One who did more than join
    /// may still return when there is a place.
    pub(super) fn displace(&mut self, number: u32, now: Instant) -> Vec<SeatEvent> {
        match self.get(number).map(|seat| seat.activity) {
            Some(Activity::JoinedOnly) => self.leave(number, now),
            Some(Activity::Active | Activity::Posted) => {
                Vec::from_iter(self.mark_left(number, now))
            }
            None => Vec::new(),
        }
    }

    /// Seats a newcomer under a number that is higher than all before it; `None`, and no seat, if it is
    /// not. Whether there is a place is for the caller to find out.
    pub(crate) fn admit(&mut self, number: u32, token: Token, now: Instant) -> Option<&Seat> {
        if number <= self.last_number {
            return None;
        }
        self.last_number = number;
        self.present += 1;
        let bucket = TokenBucket::new(self.rules.rate_limit, now);
        Some(self.by_number.entry(number).or_insert(Seat::new(number, token, bucket)))
    }

    /// Decides what a newcomer may read: everything after the event `joined_seq`, and of the messages
    /// before it those after the cursor `start`.
    pub(crate) fn grant_history(&mut self, number: u32, start: u64, joined_seq: u64) {
        if let Some(seat) = self.by_number.get_mut(&number) {
            seat.joined_seq = joined_seq;
            seat.history_start = start.min(joined_seq);
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
    /// [`RoomError::NoSeat`] when there is no such seat, or the secret is wrong.
    pub(crate) fn resume(&mut self, token: &str) -> Result<Returning, RoomError> {
        let (number, secret) = Seat::parse_resume_token(token).ok_or(RoomError::NoSeat)?;
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

    /// Counts a message towards the participant's rate limit, unless it repeats an earlier one under the
    /// same reference.
    ///
    /// # Errors
    /// When the participant is over the rate limit, or not present.
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
        seat.bucket.take(now).map_err(RoomError::TooFast)?;
        seat.activity = Activity::Posted;
        if let Some(reference) = reference {
            seat.remember_reference(reference);
        }
        Ok(Posting::Accepted)
    }

    /// Whether to relay that a participant is typing.
    pub(crate) fn accept_typing(&mut self, number: u32, now: Instant) -> bool {
        let seat = self.by_number.get_mut(&number).filter(|seat| seat.is_present());
        seat.is_some_and(|seat| seat.accept_typing(now))
    }

    /// Ends silent returns that are over, then retention. Call it about once a second. A seat whose
    /// retention is over is no event: everybody counts that time from the event `Left`.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<SeatEvent> {
        let is_overdue = |seat: &&Seat| match seat.presence {
            Presence::Disconnected(since) => {
                now.saturating_duration_since(since) >= SILENT_RETURN_TIMEOUT
            }
            Presence::Connected | Presence::Left(_) => false,
        };
        let overdue = self.by_number.values().filter(is_overdue).map(|seat| seat.number);
        let overdue: Vec<u32> = overdue.collect();
        let mut events: Vec<SeatEvent> =
            overdue.into_iter().filter_map(|number| self.mark_left(number, now)).collect();
        let retention = self.rules.retention;
        self.by_number.retain(|_, seat| match seat.presence {
            Presence::Left(at) => now.saturating_duration_since(at) < retention,
            Presence::Connected | Presence::Disconnected(_) => true,
        });
        events.extend(self.bound_retained());
        events
    }

    /// Gives up retained seats beyond [`MAX_RETAINED_SEATS`].
    fn bound_retained(&mut self) -> Vec<SeatEvent> {
        let retained = self.by_number.len() - self.present;
        let excess = retained.saturating_sub(MAX_RETAINED_SEATS);
        if excess == 0 {
            return Vec::new();
        }
        let retained = self.by_number.values().filter_map(|seat| match seat.presence {
            Presence::Left(at) => Some((seat.activity, at, seat.number)),
            Presence::Connected | Presence::Disconnected(_) => None,
        });
        let mut retained: Vec<_> = retained.collect();
        retained.sort_unstable();
        let excess = retained.into_iter().take(excess);
        excess.filter_map(|(.., number)| self.give_up(number)).collect()
    }

    /// Removes a present participant from the roster and retains the seat.
    fn mark_left(&mut self, number: u32, now: Instant) -> Option<SeatEvent> {
        let seat = self.by_number.get_mut(&number).filter(|seat| seat.is_present())?;
        seat.presence = Presence::Left(now);
        self.present -= 1;
        Some(SeatEvent::Left(number))
    }

    /// Removes the seat of a participant who has left.
    fn give_up(&mut self, number: u32) -> Option<SeatEvent> {
        let seat = self.by_number.remove(&number)?;
        Some(SeatEvent::GivenUp { number, activity: seat.activity })
    }
}
