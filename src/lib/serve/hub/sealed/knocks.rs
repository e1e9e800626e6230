//! Handshakes with the host, from the knock to the answer to the request: which of them are under way, in
//! which order, and for how long. Rules only: time is an argument, and what waits for a reply is a `W`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::control::{Handshake, LinkNumber};
use crate::token::{Secret, Token};

/// Most knocks that the host has got, and whose requests have not arrived.
pub(in crate::serve) const MAX_KNOCKS_IN_FLIGHT: usize = 64;

/// Most knocks that wait for one of these places. A thousand people who come at once all fit; one more is
/// refused.
pub(in crate::serve) const MAX_KNOCKS_WAITING: usize = 1000;

/// Most requests that wait for the host's decision.
pub(in crate::serve) const MAX_REQUESTS: usize = 1000;

/// From the knock to the request: the host answers within milliseconds, and the client at once.
pub(super) const KNOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// For the host's decision. It takes two seconds when a thousand come at once, and longer only if the
/// supervisor is stopped.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(25);

/// In this time, those who wait have had a place, however many they are: when all places are taken, the
/// oldest client that does not send its request loses its own. So a thousand clients that come at once all
/// get in, and a thousand that never send a request keep others out for these seconds.
pub(super) const QUEUE_TIME: Duration = Duration::from_secs(4);

/// The time that a client has in any case: a round trip through a tunnel takes less.
pub(super) const MIN_PLACE_TIME: Duration = Duration::from_millis(200);

/// All handshakes, by the numbers of their knocks, which rise with time.
#[derive(Debug)]
pub(super) struct Knocks<W> {
    last_number: u64,
    /// Not passed on to the host yet.
    waiting: BTreeMap<u64, (Entry<W>, FirstMessage)>,
    /// Passed on to the host.
    in_flight: BTreeMap<u64, (Entry<W>, Stage)>,
    /// Their requests are passed on to the host. With the tokens by which clients that poll ask for the
    /// decision, should the host put it off.
    requested: BTreeMap<u64, (Entry<W>, Token)>,
}

/// What a client knocks with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FirstMessage {
    /// Of its door.
    pub(super) link: LinkNumber,
    pub(super) noise: Handshake,
}

#[derive(Debug)]
struct Entry<W> {
    waiter: W,
    deadline: Instant,
}

#[derive(Debug)]
enum Stage {
    /// The host has not answered.
    Unanswered,
    /// It is for the client to send its request.
    Answered {
        at: Instant,
        /// Finds the knock of a client that polls.
        token: Token,
    },
}

/// What follows from the passing of time, or from a place that is free.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KnockStep<W> {
    /// The knock has a place: pass it on to the host.
    PassOn { knock: u64, first: FirstMessage },
    /// The knock is over.
    Ended { knock: u64, waiter: W, cause: EndCause, known_to_host: bool },
}

/// Why a handshake ends without a decision of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndCause {
    /// The oldest of too many.
    Displaced,
    /// No request within [`KNOCK_TIMEOUT`].
    KnockTimeout,
    /// No decision within [`REQUEST_TIMEOUT`].
    RequestTimeout,
}

/// Why a request is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// There is no such knock, not any more, or it is not answered yet.
    UnknownKnock,
    /// [`MAX_REQUESTS`] wait already.
    TooMany,
}

impl<W> Default for Knocks<W> {
    fn default() -> Self {
        let (waiting, in_flight, requested) = Default::default();
        Self { last_number: 0, waiting, in_flight, requested }
    }
}

impl<W> Knocks<W> {
    /// Adds a knock, which waits for a place: [`Knocks::advance`] follows. Returns its number; `None` if
    /// too many wait.
    pub(super) fn add(&mut self, first: FirstMessage, waiter: W, now: Instant) -> Option<u64> {
        if self.waiting.len() >= MAX_KNOCKS_WAITING {
            return None;
        }
        self.last_number += 1;
        let entry = Entry { waiter, deadline: now + KNOCK_TIMEOUT };
        self.waiting.insert(self.last_number, (entry, first));
        Some(self.last_number)
    }

    /// The host has answered: it is for the client to send its request. Replaces what waits for a reply;
    /// `None` if the knock is over.
    pub(super) fn answer(
        &mut self,
        knock: u64,
        token: Token,
        waiter: W,
        now: Instant,
    ) -> Option<W> {
        let (entry, stage) = self.in_flight.get_mut(&knock)?;
        *stage = Stage::Answered { at: now, token };
        Some(std::mem::replace(&mut entry.waiter, waiter))
    }

    /// The number of an answered knock by the text `number.token`, and `waiter` in place of what waited
    /// for a reply. Compares in constant time.
    pub(super) fn find(&mut self, text: &str, waiter: W) -> Option<u64> {
        let (number, token) = text.split_once('.')?;
        let (number, token) = (number.parse().ok()?, Token::parse(token)?);
        let (entry, stage) = self.in_flight.get_mut(&number)?;
        match stage {
            Stage::Answered { token: expected, .. } if *expected == token => {
                entry.waiter = waiter;
                Some(number)
            }
            Stage::Answered { .. } | Stage::Unanswered => None,
        }
    }

    /// The text by which [`Knocks::find`] finds this knock, once it is answered.
    pub(super) fn token(&self, knock: u64) -> Option<Secret> {
        match &self.in_flight.get(&knock)?.1 {
            Stage::Answered { token, .. } => {
                Some(Secret::new(format!("{knock}.{}", &*token.expose_secret())))
            }
            Stage::Unanswered => None,
        }
    }

    /// The request of an answered knock has arrived, which frees its place.
    ///
    /// # Errors
    /// When there is no such knock, or too many requests wait.
    pub(super) fn request(&mut self, knock: u64, now: Instant) -> Result<(), RequestError> {
        let Some((_, Stage::Answered { token, .. })) = self.in_flight.get(&knock) else {
            return Err(RequestError::UnknownKnock);
        };
        if self.requested.len() >= MAX_REQUESTS {
            return Err(RequestError::TooMany);
        }
        let token = token.clone();
        let (mut entry, _) = self.in_flight.remove(&knock).ok_or(RequestError::UnknownKnock)?;
        entry.deadline = now + REQUEST_TIMEOUT;
        self.requested.insert(knock, (entry, token));
        Ok(())
    }

    /// How many requests wait for the host's decision.
    pub(super) fn requested_count(&self) -> usize {
        self.requested.len()
    }

    /// Removes a knock, at any stage, that the host knows of.
    pub(super) fn remove_known(&mut self, knock: u64) -> Option<W> {
        let in_flight = self.in_flight.remove(&knock).map(|(entry, _)| entry);
        let requested = || self.requested.remove(&knock).map(|(entry, _)| entry);
        in_flight.or_else(requested).map(|entry| entry.waiter)
    }

    /// Removes a knock whose request waits for the host's decision.
    pub(super) fn remove_requested(&mut self, knock: u64) -> Option<(W, Token)> {
        self.requested.remove(&knock).map(|(entry, token)| (entry.waiter, token))
    }

    /// Removes a knock that waits for a place.
    pub(super) fn remove_waiting(&mut self, knock: u64) {
        self.waiting.remove(&knock);
    }

    /// Removes all knocks.
    pub(super) fn clear(&mut self) -> Vec<W> {
        let waiting = std::mem::take(&mut self.waiting).into_values().map(|(entry, _)| entry);
        let in_flight = std::mem::take(&mut self.in_flight).into_values().map(|(entry, _)| entry);
        let requested = std::mem::take(&mut self.requested).into_values().map(|(entry, _)| entry);
        waiting.chain(in_flight).chain(requested).map(|entry| entry.waiter).collect()
    }

    /// Ends what is over at `now`, and passes on as many knocks as there are places for.
    pub(super) fn advance(&mut self, now: Instant) -> Vec<KnockStep<W>> {
        let mut steps = self.expire(now);
        while !self.waiting.is_empty() {
            if self.in_flight.len() >= MAX_KNOCKS_IN_FLIGHT {
                let Some((knock, waiter)) = self.displace(now) else { break };
                let cause = EndCause::Displaced;
                steps.push(KnockStep::Ended { knock, waiter, cause, known_to_host: true });
            }
            let Some((knock, (entry, first))) = self.waiting.pop_first() else { break };
            self.in_flight.insert(knock, (entry, Stage::Unanswered));
            steps.push(KnockStep::PassOn { knock, first });
        }
        steps
    }

    /// When [`Knocks::advance`] has something to do next, if nothing else happens before.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.values().map(|(entry, _)| entry.deadline);
        let in_flight = self.in_flight.values().map(|(entry, _)| entry.deadline);
        let requested = self.requested.values().map(|(entry, _)| entry.deadline).min();
        let displaced = self.displaceable().map(|(_, at)| at);
        // In these two lists, the deadlines rise with the numbers.
        let firsts = waiting.take(1).chain(in_flight.take(1)).chain(requested);
        firsts.chain(displaced).min()
    }

    /// How many wait, are in flight, and have sent their request.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.waiting.len(), self.in_flight.len(), self.requested.len())
    }

    fn expire(&mut self, now: Instant) -> Vec<KnockStep<W>> {
        let mut steps = Vec::new();
        let mut end = |knock, waiter, cause, known_to_host| {
            steps.push(KnockStep::Ended { knock, waiter, cause, known_to_host });
        };
        // In these two lists, the deadlines rise with the numbers.
        while let Some(first) = self.waiting.first_entry().filter(|it| it.get().0.deadline <= now) {
            let (knock, (entry, _)) = first.remove_entry();
            end(knock, entry.waiter, EndCause::KnockTimeout, false);
        }
        while let Some(first) = self.in_flight.first_entry().filter(|it| it.get().0.deadline <= now)
        {
            let (knock, (entry, _)) = first.remove_entry();
            end(knock, entry.waiter, EndCause::KnockTimeout, true);
        }
        let overdue = self.requested.iter().filter(|(_, (entry, _))| entry.deadline <= now);
        for knock in Vec::from_iter(overdue.map(|(knock, _)| *knock)) {
            if let Some((entry, _)) = self.requested.remove(&knock) {
                end(knock, entry.waiter, EndCause::RequestTimeout, true);
            }
        }
        steps
    }

    /// Removes the oldest knock whose client has had its time.
    fn displace(&mut self, now: Instant) -> Option<(u64, W)> {
        let (knock, _) = self.displaceable().filter(|(_, at)| *at <= now)?;
        self.remove_known(knock).map(|waiter| (knock, waiter))
    }

    /// The oldest knock that waits for its client, and when it loses its place to one that waits.
    fn displaceable(&self) -> Option<(u64, Instant)> {
        let (next, _) = self.waiting.values().next()?;
        let queue_end = next.deadline - (KNOCK_TIMEOUT - QUEUE_TIME);
        let (knock, at) = self.in_flight.iter().find_map(|(knock, (_, stage))| match stage {
            Stage::Answered { at, .. } => Some((*knock, *at)),
            Stage::Unanswered => None,
        })?;
        // The places change hands once in this time. With all who wait it is in proportion to what is left
        // of the queue's time at the change: (end - change) * places / (places + waiting) = change - at.
        let share =
            MAX_KNOCKS_IN_FLIGHT as f64 / (2 * MAX_KNOCKS_IN_FLIGHT + self.waiting.len()) as f64;
        let time = queue_end.saturating_duration_since(at).mul_f64(share);
        Some((knock, at + time.max(MIN_PLACE_TIME)))
    }
}
