//! Former participants: whose names stay reserved, and who may still be the author of a remembered
//! message.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::seat::{Activity, Identity};
use super::taken::{Reservation, Taken};

/// Former participants who are known by name, at most. Beyond it, the oldest who never said anything
/// goes first: nothing that is remembered needs that name.
pub(crate) const NAMED: usize = 1024;

/// Names that are reserved for former participants while newcomers are let in, at most. A reservation
/// is never given up for a newer one; at the bound, newcomers are refused until the oldest is over.
/// At the pace of joins and with the usual ten minutes, 30 000 are reached.
pub(crate) const RESERVED: usize = 32_768;

/// Most that a reservation without its name costs.
pub(crate) const RESERVATION_BYTES: usize = 2 * size_of::<(Reservation, Instant)>();

/// Everybody who has left and is not forgotten yet.
#[derive(Debug)]
pub(super) struct Former {
    /// How long a name stays reserved.
    kept_for: Duration,
    named: VecDeque<Departure>,
    /// Names that are reserved and not kept.
    reserved: VecDeque<(Reservation, Instant)>,
}

/// One former participant.
#[derive(Debug)]
struct Departure {
    identity: Identity,
    activity: Activity,
    at: Instant,
}

impl Former {
    /// An empty list.
    pub(super) fn new(kept_for: Duration) -> Self {
        Self { kept_for, named: VecDeque::new(), reserved: VecDeque::new() }
    }

    /// How many names are reserved.
    pub(super) fn len(&self) -> usize {
        self.named.len() + self.reserved.len()
    }

    /// How long the next reservation lasts that will be over.
    pub(super) fn next_free(&self, now: Instant) -> Duration {
        let named = self.named.iter().map(|departure| departure.at);
        let oldest = named.chain(self.reserved.iter().map(|(_, at)| *at)).min();
        let end = oldest.map_or(now, |at| at + self.kept_for);
        end.saturating_duration_since(now)
    }

    /// Those who are known by name.
    pub(super) fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.named.iter().map(|departure| &departure.identity)
    }

    /// The participant left at this moment, having done this much. The name is in `taken` and stays
    /// there.
    pub(super) fn add(
        &mut self,
        identity: Identity,
        activity: Activity,
        at: Instant,
        taken: &mut Taken,
    ) {
        self.named.push_back(Departure { identity, activity, at });
        if self.named.len() > NAMED {
            let silent = |departure: &Departure| departure.activity != Activity::Spoke;
            let index = self.named.iter().position(silent).unwrap_or(0);
            if let Some(Departure { identity, at, .. }) = self.named.remove(index) {
                self.reserved.push_back((taken.reserve(&identity), at));
            }
        }
    }

    /// Forgets who left so long ago that the name is free again.
    pub(super) fn expire(&mut self, now: Instant, taken: &mut Taken) {
        let kept_for = self.kept_for;
        let over = |at: Instant| now.saturating_duration_since(at) >= kept_for;
        self.named.retain(|departure| {
            if over(departure.at) {
                taken.forget(&departure.identity);
            }
            !over(departure.at)
        });
        self.reserved.retain(|(reservation, at)| {
            if over(*at) {
                taken.release(reservation);
            }
            !over(*at)
        });
        // A buffer that was full once need not stay: it is counted as twice its content.
        self.reserved.shrink_to(2 * self.reserved.len());
    }
}
