//! All seats of a room, and the names that they and departed participants hold.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::departed::{Departed, MAX_RESERVATIONS};
use super::name_index::NameIndex;
use super::nickname::Nickname;
use super::seat::{Identity, Presence, Seat};
use crate::rate_limit::TokenBucket;
use crate::token::Token;

/// A participant whose last transport was lost may return unnoticed within this time: a phone that
/// changes from Wi-Fi to mobile, a page that is resumed, a laptop lid.
pub(crate) const SILENT_RETURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Most seats that are retained for participants who left. Beyond it, seats with the least activity go
/// first, then the oldest; their names stay reserved.
pub(crate) const MAX_RETAINED_SEATS: usize = 1024;

/// The seats by the numbers of their participants.
#[derive(Debug)]
pub(super) struct Seats {
    /// How long a seat and a name are retained after the participant left.
    retention: Duration,
    next_number: u64,
    by_number: BTreeMap<u64, Seat>,
    present: usize,
    /// Participants without a seat.
    departed: Departed,
    /// Names and tags of `by_number` and `departed`.
    names: NameIndex,
}

impl Seats {
    /// No seats. Numbers count up from 1.
    pub(super) fn new(retention: Duration) -> Self {
        Self {
            retention,
            next_number: 1,
            by_number: BTreeMap::new(),
            present: 0,
            departed: Departed::new(retention),
            names: NameIndex::default(),
        }
    }

    /// How many participants are on the roster.
    pub(super) fn present_count(&self) -> usize {
        self.present
    }

    /// The seat of a participant, present or retained.
    pub(super) fn get(&self, number: u64) -> Option<&Seat> {
        self.by_number.get(&number)
    }

    /// As [`Seats::get`].
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Seat> {
        self.by_number.get_mut(&number)
    }

    /// All seats, in the order of their participants' joins.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Seat> {
        self.by_number.values()
    }

    /// The participants who left and whose messages may still be remembered.
    pub(super) fn departed(&self) -> impl Iterator<Item = &Identity> {
        let retained = self.iter().filter(|seat| !seat.is_present());
        retained.map(|seat| &seat.identity).chain(self.departed.identities())
    }

    /// Whether a reader could take this name for that of a known participant.
    pub(super) fn clashes(&self, name: &Nickname) -> bool {
        self.names.clashes(name)
    }

    /// The time until a name is freed, if as many are reserved as may be. Retained seats do not count:
    /// they have a bound of their own.
    pub(super) fn wait_for_reservation(&self, now: Instant) -> Option<Duration> {
        (self.departed.len() >= MAX_RESERVATIONS).then(|| self.departed.time_to_release(now))
    }

    /// Seats a newcomer, with the first free tag from number `tag` on.
    pub(super) fn insert(
        &mut self,
        name: Nickname,
        tag: u32,
        token: Token,
        bucket: TokenBucket,
    ) -> Identity {
        let number = self.next_number;
        self.next_number += 1;
        let identity = Identity { number, name, tag: self.names.free_tag(tag) };
        self.names.insert(&identity);
        self.by_number.insert(number, Seat::new(identity.clone(), token, bucket));
        self.present += 1;
        identity
    }

    /// Moves a seat to a new transport. Returns the identity if the others have to be told of the
    /// return.
    pub(super) fn reconnect(&mut self, number: u64) -> Option<Identity> {
        let seat = self.by_number.get_mut(&number)?;
        let returns = !seat.is_present();
        seat.presence = Presence::Connected;
        seat.transport += 1;
        if !returns {
            return None;
        }
        self.present += 1;
        Some(seat.identity.clone())
    }

    /// Removes a present participant from the roster and retains the seat.
    pub(super) fn mark_left(&mut self, number: u64, now: Instant) -> Option<Identity> {
        let seat = self.by_number.get_mut(&number)?;
        seat.presence = Presence::Left(now);
        self.present -= 1;
        Some(seat.identity.clone())
    }

    /// Gives up a seat; the name stays reserved. Returns the identity if the participant was present.
    pub(super) fn remove(&mut self, number: u64, now: Instant) -> Option<Identity> {
        let seat = self.by_number.remove(&number)?;
        self.departed.add(seat.identity.clone(), seat.activity, now, &mut self.names);
        if !seat.is_present() {
            return None;
        }
        self.present -= 1;
        Some(seat.identity)
    }

    /// Ends silent returns and retention that are over. Returns the participants who are no longer
    /// present.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Identity> {
        let is_overdue = |seat: &&Seat| match seat.presence {
            Presence::Disconnected(since) => {
                now.saturating_duration_since(since) >= SILENT_RETURN_TIMEOUT
            }
            Presence::Connected | Presence::Left(_) => false,
        };
        let overdue: Vec<u64> =
            self.iter().filter(is_overdue).map(|seat| seat.identity.number).collect();
        let left = overdue.into_iter().filter_map(|number| self.mark_left(number, now)).collect();
        self.forget(now);
        left
    }

    fn forget(&mut self, now: Instant) {
        self.departed.expire(now, &mut self.names);
        let (retention, names) = (self.retention, &mut self.names);
        self.by_number.retain(|_, seat| match seat.presence {
            Presence::Left(at) if now.saturating_duration_since(at) >= retention => {
                names.remove(&seat.identity);
                false
            }
            Presence::Left(_) | Presence::Connected | Presence::Disconnected(_) => true,
        });
        let retained = self.by_number.len() - self.present;
        self.release(retained.saturating_sub(MAX_RETAINED_SEATS));
    }

    /// Gives up `count` of the retained seats. Their names stay reserved.
    fn release(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let retained = self.by_number.iter().filter_map(|(number, seat)| match seat.presence {
            Presence::Left(at) => Some((seat.activity, at, *number)),
            Presence::Connected | Presence::Disconnected(_) => None,
        });
        let mut retained: Vec<_> = retained.collect();
        retained.sort_unstable();
        for (activity, at, number) in retained.into_iter().take(count) {
            if let Some(seat) = self.by_number.remove(&number) {
                self.departed.add(seat.identity, activity, at, &mut self.names);
            }
        }
    }
}
