//! Clients that wait for the operator's decision, each by a number and a secret: over a socket, or by one
//! poll after the other. Rules only: time is an argument, a `W` gets the decision, and a `D` is kept of it.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::chat::{POLL_RETURN_TIMEOUT, WAITING_TIMEOUT};
use crate::token::{Secret, Token};

/// Most decisions that are kept for clients that poll. Beyond it, the oldest is dropped: its client learns
/// that it waits no more, and not why.
pub(in crate::serve) const MAX_KEPT_DECISIONS: usize = 64;

/// All who wait, and what was decided about those who poll.
#[derive(Debug)]
pub(super) struct Waiters<W, D> {
    waiting: BTreeMap<u64, Waiter<W>>,
    /// By number, which rises with time.
    kept: BTreeMap<u64, Kept<D>>,
}

#[derive(Debug)]
struct Waiter<W> {
    token: Token,
    deadline: Instant,
    /// Whether it has shown its token, which only a client that polls gets.
    polls: bool,
    client: Client<W>,
}

#[derive(Debug)]
enum Client<W> {
    /// A socket or a poll waits.
    Attached(W),
    /// Its poll was answered, and its next one is due by this moment.
    BetweenPolls(Instant),
}

#[derive(Debug)]
struct Kept<D> {
    token: Token,
    decision: D,
    until: Instant,
}

/// What is found by a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<D> {
    /// This number still waits.
    Waiting(u64),
    /// The decision was made between two polls, or its answer was lost.
    Decided(D),
}

/// Why a wait is over without a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitEnd {
    /// No decision within [`WAITING_TIMEOUT`].
    TooLong,
    /// No poll within [`POLL_RETURN_TIMEOUT`].
    Gone,
}

impl<W, D> Default for Waiters<W, D> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), kept: BTreeMap::new() }
    }
}

impl<W, D: Clone> Waiters<W, D> {
    /// Adds one, whom `client` waits for.
    pub(super) fn add(&mut self, number: u64, token: Token, client: W, now: Instant) {
        let deadline = now + WAITING_TIMEOUT;
        let client = Client::Attached(client);
        self.waiting.insert(number, Waiter { token, deadline, polls: false, client });
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// What has become of the client with the token `number.secret`. While it waits, `client` takes the
    /// place of what waited for it before. Compares in constant time.
    pub(super) fn find(&mut self, text: &str, client: W) -> Option<Found<D>> {
        let (number, token) = text.split_once('.')?;
        let (number, token) = (number.parse().ok()?, Token::parse(token)?);
        if let Some(waiter) = self.waiting.get_mut(&number).filter(|it| it.token == token) {
            waiter.polls = true;
            waiter.client = Client::Attached(client);
            return Some(Found::Waiting(number));
        }
        let kept = self.kept.get(&number).filter(|kept| kept.token == token)?;
        Some(Found::Decided(kept.decision.clone()))
    }

    /// The client has got an answer, and is to poll again. Returns its token.
    pub(super) fn await_next_poll(&mut self, number: u64, now: Instant) -> Option<Secret> {
        let waiter = self.waiting.get_mut(&number)?;
        waiter.polls = true;
        waiter.client = Client::BetweenPolls(now + POLL_RETURN_TIMEOUT);
        Some(Secret::new(format!("{number}.{}", &*waiter.token.expose_secret())))
    }

    /// Ends the wait of one whose client is gone; false if there is none.
    pub(super) fn remove(&mut self, number: u64) -> bool {
        self.waiting.remove(&number).is_some()
    }

    /// Ends the wait by a decision, which is kept for a client that polls. Returns what waits for it, if
    /// anything does; `None` if there is no such wait.
    pub(super) fn decide(&mut self, number: u64, decision: D, now: Instant) -> Option<Option<W>> {
        let Waiter { token, polls, client, .. } = self.waiting.remove(&number)?;
        if polls {
            if self.kept.len() >= MAX_KEPT_DECISIONS {
                self.kept.pop_first();
            }
            let until = now + POLL_RETURN_TIMEOUT;
            self.kept.insert(number, Kept { token, decision, until });
        }
        Some(match client {
            Client::Attached(client) => Some(client),
            Client::BetweenPolls(_) => None,
        })
    }

    /// Ends all waits by one decision. Returns what waits for it.
    pub(super) fn decide_all(&mut self, decision: &D, now: Instant) -> Vec<W> {
        let numbers: Vec<u64> = self.waiting.keys().copied().collect();
        let decided = numbers.into_iter().filter_map(|it| self.decide(it, decision.clone(), now));
        decided.flatten().collect()
    }

    /// Those whose time is over, and why; [`Waiters::decide`] or [`Waiters::remove`] follows. Drops the
    /// decisions that no client has asked for.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<(u64, WaitEnd)> {
        self.kept.retain(|_, kept| kept.until > now);
        let overdue = self.waiting.iter().filter_map(|(number, waiter)| {
            if waiter.deadline <= now {
                return Some((*number, WaitEnd::TooLong));
            }
            match waiter.client {
                Client::BetweenPolls(until) if until <= now => Some((*number, WaitEnd::Gone)),
                Client::BetweenPolls(_) | Client::Attached(_) => None,
            }
        });
        overdue.collect()
    }

    /// When [`Waiters::overdue`] returns the next one.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let ends = self.waiting.values().map(|waiter| match waiter.client {
            Client::BetweenPolls(until) => waiter.deadline.min(until),
            Client::Attached(_) => waiter.deadline,
        });
        ends.min()
    }
}
