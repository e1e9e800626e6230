//! Participants who have left and cannot return: their names stay taken for a while, and messages of
//! theirs may still be in the ring.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::identity::Identity;
use super::name_index::{NameIndex, Reservation};
use super::seat::Activity;

/// Most departed participants whose identity is kept. Beyond it, the oldest who never posted loses it
/// first: no remembered message needs that name.
pub(crate) const MAX_NAMED_DEPARTED: usize = 1024;

/// Most names that are reserved for departed participants while newcomers are admitted. A reservation
/// is never dropped for a newer one; at the bound, newcomers are refused until the oldest expires. At
/// the highest rate of joins and with the default retention of ten minutes, 30 000 are reached.
pub(crate) const MAX_RESERVATIONS: usize = 32_768;

/// Memory per reservation at most, in bytes; its fingerprints in the index are counted there.
pub(crate) const RESERVATION_BYTES: usize = 2 * size_of::<(Reservation, Instant)>();

/// All departed participants whose names are still taken.
#[derive(Debug)]
pub(super) struct Departed {
    retention: Duration,
    named: VecDeque<Departure>,
    /// Those beyond [`MAX_NAMED_DEPARTED`], with the time of departure.
    reserved: VecDeque<(Reservation, Instant)>,
}

#[derive(Debug)]
struct Departure {
    identity: Identity,
    activity: Activity,
    at: Instant,
}

impl Departed {
    /// An empty list, in which names stay reserved for `retention`.
    pub(super) fn new(retention: Duration) -> Self {
        Self { retention, named: VecDeque::new(), reserved: VecDeque::new() }
    }

    /// How many names are reserved.
    pub(super) fn len(&self) -> usize {
        self.named.len() + self.reserved.len()
    }

    /// The time until the oldest reservation expires.
    pub(super) fn time_to_release(&self, now: Instant) -> Duration {
        let named = self.named.iter().map(|departure| departure.at);
        let oldest = named.chain(self.reserved.iter().map(|(_, at)| *at)).min();
        let expiry = oldest.map_or(now, |at| at + self.retention);
        expiry.saturating_duration_since(now)
    }

    /// The participants who are known by name, the one who left first in front.
    pub(super) fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.named.iter().map(|departure| &departure.identity)
    }

    /// Adds a participant who left at `at`. The name is in `names` and stays there.
    pub(super) fn add(
        &mut self,
        identity: Identity,
        activity: Activity,
        at: Instant,
        names: &mut NameIndex,
    ) {
        self.named.push_back(Departure { identity, activity, at });
        if self.named.len() > MAX_NAMED_DEPARTED {
            let is_silent = |departure: &Departure| departure.activity != Activity::Posted;
            let index = self.named.iter().position(is_silent).unwrap_or(0);
            if let Some(Departure { identity, at, .. }) = self.named.remove(index) {
                self.reserved.push_back((names.reserve(&identity), at));
            }
        }
    }

    /// Takes out a participant who is known by name. The name stays in the index.
    pub(super) fn take(&mut self, number: u32) -> Option<Identity> {
        let index = self.named.iter().position(|it| it.identity.number == number)?;
        self.named.remove(index).map(|departure| departure.identity)
    }

    /// Frees the names of all who left at least the retention time ago.
    pub(super) fn expire(&mut self, now: Instant, names: &mut NameIndex) {
        let retention = self.retention;
        let is_expired = |at: Instant| now.saturating_duration_since(at) >= retention;
        self.named.retain(|departure| {
            if is_expired(departure.at) {
                names.remove(&departure.identity);
            }
            !is_expired(departure.at)
        });
        self.reserved.retain(|(reservation, at)| {
            if is_expired(*at) {
                names.release(reservation);
            }
            !is_expired(*at)
        });
        // Gives memory back after a flood; RESERVATION_BYTES counts a buffer of twice its content.
        self.reserved.shrink_to(2 * self.reserved.len());
    }
}
