//! The one conversation of a session: who may join, return, post and be seen.
//!
//! The sender of everything is a seat, never a name in a message. Joins and leaves are announced by the
//! room alone.

use std::time::{Duration, Instant};

use super::nickname::Nickname;
use super::room_error::RoomError;
use super::seat::{Activity, Identity, Presence, Seat};
use super::seats::Seats;
use super::text::MessageText;
use crate::rate_limit::{RateLimit, TokenBucket};
use crate::token::Token;

/// Newcomers per second in the long run. A meeting does not notice it, because of [`JOIN_BURST`];
/// without it, one client that joins and leaves in a loop could fill every table. Beyond it, newcomers
/// are told how long to wait.
const JOINS_PER_SECOND: u32 = 50;

/// Newcomers at once, on top of as many as the room holds: all may join at the same moment, and reload
/// the page once or more. Their names fit in what is reserved.
const JOIN_BURST: u32 = 1000;

/// A participant who did more than join keeps the seat in a full room for this long after a disconnect:
/// a phone that changes its network returns within seconds.
const PROTECTED_RETURN_TIMEOUT: Duration = Duration::from_secs(10);

/// Most newcomers within `seconds` to a room for `max_participants`.
pub(crate) const fn max_joins_within(seconds: u64, max_participants: usize) -> usize {
    max_participants + (JOIN_BURST as u64 + JOINS_PER_SECOND as u64 * seconds) as usize
}

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

/// Random bits for one newcomer.
#[derive(Debug)]
pub(crate) struct Entropy {
    /// The secret part of the resume token.
    pub(crate) token: Token,
    /// Selects the tag.
    pub(crate) tag: u32,
}

/// What happens in the room, for all participants.
#[derive(Debug, PartialEq)]
pub(crate) enum RoomEvent {
    /// A participant is on the roster, for the first time or again.
    Joined(Identity),
    /// A participant is no longer on the roster.
    Left(Identity),
    /// A participant posted a message.
    Message {
        /// Of the sender.
        number: u64,
        /// The client's own id of the message, which acknowledges it to its sender.
        reference: Option<String>,
        text: MessageText,
    },
    /// The room has another public address; the one before no longer works.
    Moved {
        /// `https://` and the host name.
        url: String,
    },
}

/// The participants and the rules that they are held to.
#[derive(Debug)]
pub(crate) struct Room {
    rules: Rules,
    seats: Seats,
    joins: TokenBucket,
}

impl Room {
    /// An empty room.
    pub(crate) fn new(rules: Rules, now: Instant) -> Self {
        let capacity = u32::try_from(rules.max_participants).unwrap_or(u32::MAX);
        let burst = capacity.saturating_add(JOIN_BURST);
        let joins = RateLimit::Limited { per_second: JOINS_PER_SECOND, burst };
        let seats = Seats::new(rules.retention);
        Self { rules, seats, joins: TokenBucket::new(joins, now) }
    }

    /// How many participants are on the roster.
    pub(crate) fn present_count(&self) -> usize {
        self.seats.present_count()
    }

    /// The participants on the roster, in the order of their joins.
    #[cfg(test)]
    pub(crate) fn roster(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.is_present())
    }

    /// The participants who left and whose messages may still be remembered.
    pub(crate) fn departed(&self) -> impl Iterator<Item = &Identity> {
        self.seats.departed()
    }

    /// The seat of a participant, also of one who left, as long as it is retained.
    pub(crate) fn seat(&self, number: u64) -> Option<&Seat> {
        self.seats.get(number)
    }

    /// Admits a newcomer. The last event announces this participant; one before it announces who lost a
    /// seat. Then call [`Room::grant_history`] with the number of the last event.
    ///
    /// # Errors
    /// When the name is taken, the room is full, or too many join.
    pub(crate) fn join(
        &mut self,
        name: Nickname,
        entropy: Entropy,
        now: Instant,
    ) -> Result<(u64, Vec<RoomEvent>), RoomError> {
        let displaced = self.find_place(now)?;
        if self.seats.clashes(&name) {
            let variants = (2..100).filter_map(|n| name.variant(n));
            let free = variants.into_iter().find(|variant| !self.seats.clashes(variant));
            return Err(RoomError::NameTaken(free));
        }
        if let Some(wait) = self.seats.wait_for_reservation(now) {
            return Err(RoomError::Crowded(wait));
        }
        self.joins.take(now).map_err(RoomError::Crowded)?;
        let mut events = Vec::from_iter(displaced.and_then(|number| self.displace(number, now)));
        let bucket = TokenBucket::new(self.rules.rate_limit, now);
        let identity = self.seats.insert(name, entropy.tag, entropy.token, bucket);
        let number = identity.number;
        events.push(RoomEvent::Joined(identity));
        Ok((number, events))
    }

    /// Decides what a newcomer may read: everything after the event `joined_seq`, and of the messages
    /// before it those after the cursor `start`.
    pub(crate) fn grant_history(&mut self, number: u64, start: u64, joined_seq: u64) {
        if let Some(seat) = self.seats.get_mut(number) {
            seat.joined_seq = joined_seq;
            seat.history_start = start.min(joined_seq);
        }
    }

    /// Notes that a participant was sent everything up to `cursor`. What of it is older than the join
    /// is not sent again.
    pub(crate) fn mark_history_read(&mut self, number: u64, cursor: u64) {
        if let Some(seat) = self.seats.get_mut(number) {
            seat.history_start = seat.history_start.max(cursor.min(seat.joined_seq));
        }
    }

    /// Notes that the client of this participant has sent something after the join.
    pub(crate) fn mark_active(&mut self, number: u64) {
        if let Some(seat) = self.seats.get_mut(number) {
            seat.activity = seat.activity.max(Activity::Active);
        }
    }

    /// Returns a participant to the seat, on a new transport. There are events only if the others were
    /// told that the participant left.
    ///
    /// # Errors
    /// When there is no such seat, the secret is wrong, or the participant had left and the room is
    /// full.
    pub(crate) fn resume(
        &mut self,
        token: &str,
        now: Instant,
    ) -> Result<(u64, Vec<RoomEvent>), RoomError> {
        let (number, secret) = Seat::parse_resume_token(token).ok_or(RoomError::NoSeat)?;
        let seat = self.seats.get(number).filter(|seat| seat.token == secret);
        let seat = seat.ok_or(RoomError::NoSeat)?;
        let displaced = if seat.is_present() { None } else { self.find_place(now)? };
        let mut events = Vec::from_iter(displaced.and_then(|number| self.displace(number, now)));
        events.extend(self.seats.reconnect(number).map(RoomEvent::Joined));
        self.mark_active(number);
        Ok((number, events))
    }

    /// A place for one more: a free one (`None`), or that of a disconnected participant. Participants
    /// who only joined lose theirs first, then the longest disconnected.
    fn find_place(&self, now: Instant) -> Result<Option<u64>, RoomError> {
        if self.seats.present_count() < self.rules.max_participants {
            return Ok(None);
        }
        let disconnected = self.seats.iter().filter_map(|seat| match seat.presence {
            Presence::Disconnected(since) => {
                Some((seat.activity != Activity::JoinedOnly, since, seat.identity.number))
            }
            Presence::Connected | Presence::Left(_) => None,
        });
        let (is_protected, since, number) = disconnected.min().ok_or(RoomError::Full)?;
        if is_protected && now.saturating_duration_since(since) < PROTECTED_RETURN_TIMEOUT {
            return Err(RoomError::Full);
        }
        Ok(Some(number))
    }

    /// Takes a disconnected participant off the roster before the timeout. One who did more than join
    /// may still return when there is a place.
    fn displace(&mut self, number: u64, now: Instant) -> Option<RoomEvent> {
        let left = match self.seats.get(number)?.activity {
            Activity::JoinedOnly => self.seats.remove(number, now),
            Activity::Active | Activity::Posted => self.seats.mark_left(number, now),
        };
        left.map(RoomEvent::Left)
    }

    /// The number of the transport that may act for this participant.
    pub(crate) fn transport(&self, number: u64) -> Option<u64> {
        self.seats.get(number).map(|seat| seat.transport)
    }

    /// Notes that a transport was lost. If the seat has no newer one, the time for a silent return
    /// begins.
    pub(crate) fn detach(&mut self, number: u64, transport: u64, now: Instant) {
        if let Some(seat) = self.seats.get_mut(number)
            && seat.transport == transport
            && seat.presence == Presence::Connected
        {
            seat.presence = Presence::Disconnected(now);
        }
    }

    /// Gives up the seat of a participant for good.
    pub(crate) fn leave(&mut self, number: u64, now: Instant) -> Option<RoomEvent> {
        self.seats.remove(number, now).map(RoomEvent::Left)
    }

    /// Posts a message; `None` if it repeats an earlier one under the same reference.
    ///
    /// # Errors
    /// When the participant is over the rate limit, or not on the roster.
    pub(crate) fn post_message(
        &mut self,
        number: u64,
        reference: Option<String>,
        text: MessageText,
        now: Instant,
    ) -> Result<Option<RoomEvent>, RoomError> {
        let seat = self.seats.get_mut(number).filter(|seat| seat.is_present());
        let seat = seat.ok_or(RoomError::NoSeat)?;
        if reference.as_deref().is_some_and(|reference| seat.has_posted(reference)) {
            return Ok(None);
        }
        seat.bucket.take(now).map_err(RoomError::TooFast)?;
        seat.activity = Activity::Posted;
        if let Some(reference) = &reference {
            seat.remember_reference(reference);
        }
        Ok(Some(RoomEvent::Message { number, reference, text }))
    }

    /// Whether to relay that a participant is typing.
    pub(crate) fn accept_typing(&mut self, number: u64, now: Instant) -> bool {
        let seat = self.seats.get_mut(number).filter(|seat| seat.is_present());
        seat.is_some_and(|seat| seat.accept_typing(now))
    }

    /// Applies all timeouts. Call it about once a second.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<RoomEvent> {
        self.seats.expire(now).into_iter().map(RoomEvent::Left).collect()
    }
}
