//! The lobby of an open room: newcomers who wait until the operator admits them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::room_error::RoomError;
use super::seat::Seat;
use crate::control::{LinkNumber, MAX_WAITING, WAITING_SECONDS};
use crate::token::{Secret, Token};

/// How long one waits before the answer is no.
pub(crate) const WAITING_TIMEOUT: Duration = Duration::from_secs(WAITING_SECONDS);

/// One who polls may be away for this long between two polls.
pub(crate) const POLL_RETURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Memory of one who waits at most, and of one whose wait ended, in bytes: in a tree or a buffer that is
/// at least half full, with the token that it points to.
pub(crate) const WAITING_BYTES: usize =
    2 * (size_of::<(u32, Waiter)>() + size_of::<EndedWait>()) + 64;

/// One who waits. Name and tag are in the registry of names, under the number.
#[derive(Debug)]
pub(super) struct Waiter {
    /// The secret part of the resume token, which is that of the seat when the person is admitted.
    pub(super) token: Token,
    /// By which link the person came. It is used up when the person is admitted.
    pub(super) link: LinkNumber,
    since: Instant,
    /// Since when no transport is open.
    away_since: Option<Instant>,
}

/// Why someone does not wait any more, and has not been admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    /// The operator said no.
    Rejected,
    /// No answer within [`WAITING_TIMEOUT`].
    TimedOut,
    /// The link by which the person came admits no one any more.
    LinkEnded,
    /// The operator removed them.
    Removed,
    /// Their client has gone.
    Gone,
}

/// Whether someone waits, by their token.
#[derive(Debug, PartialEq)]
pub(crate) enum Waiting {
    /// The person with this number still waits.
    Undecided(u32),
    /// The person was not admitted, for this reason.
    Ended(RoomError),
}

/// Kept until the client of the person has asked, which polls.
#[derive(Debug)]
struct EndedWait {
    number: u32,
    token: Token,
    end: WaitEnd,
}

/// Those who wait, by number, [`MAX_WAITING`] at most; and as many whose wait ended.
#[derive(Debug, Default)]
pub(super) struct Lobby {
    waiters: BTreeMap<u32, Waiter>,
    ended: VecDeque<EndedWait>,
}

impl Lobby {
    /// Whether one more may wait.
    ///
    /// # Errors
    /// [`RoomError::Full`] if [`MAX_WAITING`] do.
    pub(super) fn check_place(&self) -> Result<(), RoomError> {
        if self.waiters.len() < MAX_WAITING { Ok(()) } else { Err(RoomError::Full) }
    }

    /// Adds one who waits, with the number of their name.
    pub(super) fn add(&mut self, number: u32, token: Token, link: LinkNumber, now: Instant) {
        self.waiters.insert(number, Waiter { token, link, since: now, away_since: None });
    }

    /// Whether the person with this number waits.
    pub(super) fn contains(&self, number: u32) -> bool {
        self.waiters.contains_key(&number)
    }

    /// Those who wait, in the order in which they came.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.waiters.keys().copied()
    }

    /// The link by which the person with this number came.
    pub(super) fn link(&self, number: u32) -> Option<LinkNumber> {
        self.waiters.get(&number).map(|waiter| waiter.link)
    }

    /// The token by which a client that polls finds its place, now and when it is a seat.
    pub(super) fn resume_token(&self, number: u32) -> Option<Secret> {
        let waiter = self.waiters.get(&number)?;
        Some(Seat::format_resume_token(number, &waiter.token))
    }

    /// Finds someone who waits, or waited and was not admitted, by the token of
    /// [`Lobby::resume_token`]; compares in constant time.
    pub(super) fn find(&self, token: &str) -> Option<Waiting> {
        let (number, token) = Seat::parse_resume_token(token)?;
        if let Some(waiter) = self.waiters.get(&number) {
            return (waiter.token == token).then_some(Waiting::Undecided(number));
        }
        let ended = self.ended.iter().find(|it| it.number == number && it.token == token)?;
        Some(Waiting::Ended(ended.end.into()))
    }

    /// Notes that a client has come back that polls.
    pub(super) fn attach(&mut self, number: u32) {
        if let Some(waiter) = self.waiters.get_mut(&number) {
            waiter.away_since = None;
        }
    }

    /// Notes that a client that polls has its answer, and is to come back within
    /// [`POLL_RETURN_TIMEOUT`].
    pub(super) fn detach(&mut self, number: u32, now: Instant) {
        if let Some(waiter) = self.waiters.get_mut(&number) {
            waiter.away_since = Some(now);
        }
    }

    /// Takes out one who is admitted.
    pub(super) fn take(&mut self, number: u32) -> Option<Waiter> {
        self.waiters.remove(&number)
    }

    /// Ends the wait of one who is not admitted. Returns whether the person waited.
    pub(super) fn end(&mut self, number: u32, end: WaitEnd) -> bool {
        let Some(Waiter { token, .. }) = self.waiters.remove(&number) else { return false };
        if self.ended.len() == MAX_WAITING {
            self.ended.pop_front();
        }
        self.ended.push_back(EndedWait { number, token, end });
        true
    }

    /// Those whose time is over, or whose link does not admit any more, as `admits` says.
    pub(super) fn overdue(
        &self,
        now: Instant,
        admits: impl Fn(LinkNumber) -> bool,
    ) -> Vec<(u32, WaitEnd)> {
        let end_of = |waiter: &Waiter| {
            let is_over = |since, timeout| now.saturating_duration_since(since) >= timeout;
            if !admits(waiter.link) {
                Some(WaitEnd::LinkEnded)
            } else if is_over(waiter.since, WAITING_TIMEOUT) {
                Some(WaitEnd::TimedOut)
            } else {
                let is_gone = waiter.away_since.is_some_and(|at| is_over(at, POLL_RETURN_TIMEOUT));
                is_gone.then_some(WaitEnd::Gone)
            }
        };
        self.waiters.iter().filter_map(|(number, it)| Some((*number, end_of(it)?))).collect()
    }
}

impl From<WaitEnd> for RoomError {
    fn from(end: WaitEnd) -> Self {
        match end {
            WaitEnd::Rejected => Self::NotAdmitted,
            WaitEnd::TimedOut => Self::NotAnswered,
            WaitEnd::LinkEnded => Self::DeadLink,
            WaitEnd::Removed => Self::Removed,
            WaitEnd::Gone => Self::NoSeat,
        }
    }
}
