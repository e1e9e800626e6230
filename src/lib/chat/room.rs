//! The one conversation of a session: who is in it, and what each of them may do.
//!
//! The sender of everything is a seat, never a name in a message. Who receives is whoever is on
//! the roster; coming and going is announced by the room alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::former::{Former, RESERVED};
use super::nickname::Nickname;
use super::room_error::RoomError;
use super::seat::{Activity, Identity, Presence, Seat};
use super::taken::Taken;
use super::text::Text;
use crate::rate_limit::{RateLimit, TokenBucket};
use crate::token::Token;

/// A participant whose last transport is gone may come back unnoticed for this long: a phone that
/// changes from Wi-Fi to mobile, a page that is resumed, a laptop lid.
pub(crate) const SILENT_RETURN: Duration = Duration::from_secs(30);

/// Seats of people who left that are kept for their return, at most. Beyond it, those go first who
/// never said or took anything, then those who came first; their names stay reserved.
pub(crate) const KEPT: usize = 1024;

/// Newcomers per second in the long run. A meeting does not feel it, because of [`JOINS_AT_ONCE`];
/// without it, one client that joins and leaves in a loop could fill every table there is. At the
/// bound, newcomers are told when to come again.
const JOINS_PER_SECOND: u32 = 50;

/// Newcomers at once, beyond as many as the room holds: everybody may come at the same moment, and
/// reload the page once or more. Their names fit in what is reserved.
const JOINS_AT_ONCE: u32 = 1000;

/// Newcomers who can come within so many seconds, at most, to a room of so many.
pub(crate) const fn joins_within(seconds: u64, max_participants: usize) -> usize {
    max_participants + (JOINS_AT_ONCE as u64 + JOINS_PER_SECOND as u64 * seconds) as usize
}

/// A participant who did more than join, and whose line was cut, keeps the seat of a full room for
/// this long: a phone that changes its network is back within seconds.
const PROTECTED_RETURN: Duration = Duration::from_secs(10);

/// What the operator set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How many may be in the room at once.
    pub(crate) max_participants: usize,
    /// How fast one of them may speak.
    pub(crate) rate_limit: RateLimit,
    /// How long a seat, and the name of somebody who left, is kept.
    pub(crate) kept_for: Duration,
}

/// Random bits for one newcomer.
#[derive(Debug)]
pub(crate) struct Entropy {
    /// The secret to come back with.
    pub(crate) token: Token,
    /// Picks the tag.
    pub(crate) tag: u32,
}

/// Something that everybody on the roster is told.
#[derive(Debug, PartialEq)]
pub(crate) enum RoomEvent {
    /// Somebody is there, for the first time or again.
    Joined(Identity),
    /// Somebody is gone.
    Left(Identity),
    /// Somebody spoke.
    Said {
        /// Who.
        number: u64,
        /// The client's own id for it.
        reference: Option<String>,
        /// What.
        text: Text,
    },
    /// The room has another public address, and the one before leads nowhere.
    Moved {
        /// `https://` and the host name.
        url: String,
    },
}

/// The roster and its rules.
#[derive(Debug)]
pub(crate) struct Room {
    rules: Rules,
    next: u64,
    seats: BTreeMap<u64, Seat>,
    present: usize,
    /// The pace at which newcomers are let in.
    joins: TokenBucket,
    /// People who gave up their seats, or whose seats were given up.
    former: Former,
    /// Everybody of `seats` and `former`, by what must not be given twice.
    taken: Taken,
}

impl Room {
    /// An empty one.
    pub(crate) fn new(rules: Rules, now: Instant) -> Self {
        let most = u32::try_from(rules.max_participants).unwrap_or(u32::MAX);
        let burst = most.saturating_add(JOINS_AT_ONCE);
        Self {
            rules,
            next: 1,
            seats: BTreeMap::new(),
            present: 0,
            joins: TokenBucket::new(
                RateLimit::Limited { per_second: JOINS_PER_SECOND, burst },
                now,
            ),
            former: Former::new(rules.kept_for),
            taken: Taken::default(),
        }
    }

    /// How many are in it.
    pub(crate) fn present(&self) -> usize {
        self.present
    }

    /// Whoever is on the roster, in the order they first came.
    #[cfg(test)]
    pub(crate) fn roster(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values().filter(|seat| seat.is_present())
    }

    /// Those who left a short while ago: what they said may still be remembered.
    pub(crate) fn absent(&self) -> impl Iterator<Item = &Identity> {
        let kept = self.seats.values().filter(|seat| !seat.is_present());
        kept.map(|seat| &seat.identity).chain(self.former.identities())
    }

    /// The seat of this number, if it is kept.
    pub(crate) fn seat(&self, number: u64) -> Option<&Seat> {
        self.seats.get(&number)
    }

    /// Lets a newcomer in. The events are what the others are told: at the end, that this one joined,
    /// and before it, who had to make room. Call [`Room::begin`] with the place of the first.
    ///
    /// # Errors
    /// When the name is taken, also by a participant who left a short while ago; when the room is full;
    /// when too many come.
    pub(crate) fn join(
        &mut self,
        name: Nickname,
        entropy: Entropy,
        now: Instant,
    ) -> Result<(u64, Vec<RoomEvent>), RoomError> {
        let displaced = self.place(now)?;
        if self.taken.clashes(&name) {
            let variants = (2..100).filter_map(|n| name.variant(n));
            let free = variants.into_iter().find(|variant| !self.taken.clashes(variant));
            return Err(RoomError::NameTaken(free));
        }
        // Seats that are kept for a return are bounded by themselves.
        if self.former.len() >= RESERVED {
            return Err(RoomError::Crowded(self.former.next_free(now)));
        }
        self.joins.take(now).map_err(RoomError::Crowded)?;
        let mut events = Vec::from_iter(displaced.and_then(|number| self.displace(number, now)));
        let number = self.next;
        self.next += 1;
        let tag = self.taken.free_tag(entropy.tag);
        let bucket = TokenBucket::new(self.rules.rate_limit, now);
        let identity = Identity { number, name, tag };
        self.taken.add(&identity);
        self.seats.insert(number, Seat::new(identity.clone(), entropy.token, bucket));
        self.present += 1;
        events.push(RoomEvent::Joined(identity));
        Ok((number, events))
    }

    /// Fixes what a newcomer may read: all that follows the event `joined`, and of what was said
    /// before, what is behind the cursor `begin`.
    pub(crate) fn begin(&mut self, number: u64, begin: u64, joined: u64) {
        if let Some(seat) = self.seats.get_mut(&number) {
            seat.joined = joined;
            seat.begin = begin.min(joined);
        }
    }

    /// The participant of this number was sent everything up to `cursor`: what of it was before the
    /// join is not shown again.
    pub(crate) fn read(&mut self, number: u64, cursor: u64) {
        if let Some(seat) = self.seats.get_mut(&number) {
            seat.begin = seat.begin.max(cursor.min(seat.joined));
        }
    }

    /// The participant of this number has shown to be behind the connection.
    pub(crate) fn took(&mut self, number: u64) {
        if let Some(seat) = self.seats.get_mut(&number) {
            seat.activity = seat.activity.max(Activity::Took);
        }
    }

    /// Brings a participant back to their seat, on a new transport. There are events only if the others
    /// had been told that they left.
    ///
    /// # Errors
    /// When the seat is not kept, the secret is wrong, or they had left and the room is full.
    pub(crate) fn resume(
        &mut self,
        resume: &str,
        now: Instant,
    ) -> Result<(u64, Vec<RoomEvent>), RoomError> {
        let (number, token) = Seat::parse_resume(resume).ok_or(RoomError::NoSeat)?;
        let seat = self.seats.get(&number).ok_or(RoomError::NoSeat)?;
        if seat.token != token {
            return Err(RoomError::NoSeat);
        }
        let returns = !seat.is_present();
        let displaced = if returns { self.place(now)? } else { None };
        let mut events = Vec::from_iter(displaced.and_then(|number| self.displace(number, now)));
        let seat = self.seats.get_mut(&number).ok_or(RoomError::NoSeat)?;
        seat.presence = Presence::Here;
        seat.transport += 1;
        seat.activity = seat.activity.max(Activity::Took);
        if returns {
            self.present += 1;
            events.push(RoomEvent::Joined(seat.identity.clone()));
        }
        Ok((number, events))
    }

    /// A place for one more: a free one, or that of the participant of this number, who is away and
    /// has less right to it. Those who never did more than join go first, then those who are away for
    /// the longest time.
    fn place(&self, now: Instant) -> Result<Option<u64>, RoomError> {
        if self.present < self.rules.max_participants {
            return Ok(None);
        }
        let away = self.seats.iter().filter_map(|(number, seat)| match seat.presence {
            Presence::Away(since) => Some((seat.activity != Activity::Nothing, since, *number)),
            Presence::Here | Presence::Left(_) => None,
        });
        let (protected, since, number) = away.min().ok_or(RoomError::Full)?;
        if protected && now.saturating_duration_since(since) < PROTECTED_RETURN {
            return Err(RoomError::Full);
        }
        Ok(Some(number))
    }

    /// Announces a participant who is away as left, before the time for a silent return is over. One who
    /// did more than join may still come back when there is a place.
    fn displace(&mut self, number: u64, now: Instant) -> Option<RoomEvent> {
        let seat = self.seats.get_mut(&number)?;
        if seat.activity == Activity::Nothing {
            return self.leave(number, now);
        }
        seat.presence = Presence::Left(now);
        self.present -= 1;
        Some(RoomEvent::Left(seat.identity.clone()))
    }

    /// The transport that speaks for this seat now.
    pub(crate) fn transport(&self, number: u64) -> Option<u64> {
        self.seats.get(&number).map(|seat| seat.transport)
    }

    /// A transport is gone. If it was the one of its seat, the time to come back begins.
    pub(crate) fn detach(&mut self, number: u64, transport: u64, now: Instant) {
        if let Some(seat) = self.seats.get_mut(&number)
            && seat.transport == transport
            && seat.presence == Presence::Here
        {
            seat.presence = Presence::Away(now);
        }
    }

    /// Somebody gives up their seat.
    pub(crate) fn leave(&mut self, number: u64, now: Instant) -> Option<RoomEvent> {
        let seat = self.seats.remove(&number)?;
        self.former.add(seat.identity.clone(), seat.activity, now, &mut self.taken);
        if !seat.is_present() {
            return None;
        }
        self.present -= 1;
        Some(RoomEvent::Left(seat.identity))
    }

    /// Somebody speaks. `None` is a repetition of what they said before under the same reference.
    ///
    /// # Errors
    /// When they speak too fast, or are not on the roster.
    pub(crate) fn say(
        &mut self,
        number: u64,
        reference: Option<String>,
        text: Text,
        now: Instant,
    ) -> Result<Option<RoomEvent>, RoomError> {
        let seat = self.seats.get_mut(&number).filter(|seat| seat.is_present());
        let seat = seat.ok_or(RoomError::NoSeat)?;
        if reference.as_deref().is_some_and(|reference| seat.has_said(reference)) {
            return Ok(None);
        }
        seat.bucket.take(now).map_err(RoomError::TooFast)?;
        seat.activity = Activity::Spoke;
        if let Some(reference) = &reference {
            seat.remember(reference);
        }
        Ok(Some(RoomEvent::Said { number, reference, text }))
    }

    /// Whether the others shall be told that this one types.
    pub(crate) fn types(&mut self, number: u64, now: Instant) -> bool {
        self.seats.get_mut(&number).is_some_and(|seat| seat.is_present() && seat.types(now))
    }

    /// Lets time pass: who was away too long is announced, who left long ago is forgotten. Call it
    /// about once a second.
    pub(crate) fn pass_time(&mut self, now: Instant) -> Vec<RoomEvent> {
        let mut events = Vec::new();
        for seat in self.seats.values_mut() {
            if let Presence::Away(since) = seat.presence
                && now.saturating_duration_since(since) >= SILENT_RETURN
            {
                seat.presence = Presence::Left(now);
                self.present -= 1;
                events.push(RoomEvent::Left(seat.identity.clone()));
            }
        }
        self.forget(now);
        events
    }

    fn forget(&mut self, now: Instant) {
        self.former.expire(now, &mut self.taken);
        let (kept_for, taken) = (self.rules.kept_for, &mut self.taken);
        self.seats.retain(|_, seat| match seat.presence {
            Presence::Left(at) if now.saturating_duration_since(at) >= kept_for => {
                taken.forget(&seat.identity);
                false
            }
            Presence::Left(_) | Presence::Here | Presence::Away(_) => true,
        });
        let surplus = (self.seats.len() - self.present).saturating_sub(KEPT);
        if surplus > 0 {
            self.release(surplus);
        }
    }

    /// Gives up the seats of so many who have left. Their names stay reserved.
    fn release(&mut self, count: usize) {
        let left = self.seats.iter().filter_map(|(number, seat)| match seat.presence {
            Presence::Left(at) => Some((seat.activity, at, *number)),
            Presence::Here | Presence::Away(_) => None,
        });
        let mut left: Vec<_> = left.collect();
        left.sort_unstable();
        for (activity, at, number) in left.into_iter().take(count) {
            if let Some(seat) = self.seats.remove(&number) {
                self.former.add(seat.identity, activity, at, &mut self.taken);
            }
        }
    }
}
