//! By what each participant is connected, and which lists of it the operator has asked for.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::chat::Seat;
use crate::control::Connected;

/// A client that polls is away once it has not polled for this long: through a tunnel, the next poll arrives
/// within a second.
const NEXT_POLL_TIMEOUT: Duration = Duration::from_secs(5);

/// Most lists that wait to be sent. Beyond it, the oldest is not sent: the supervisor has asked again.
const MAX_LISTS: usize = 64;

/// Memory of one who polls at most, in bytes, in a tree whose nodes are at least half full.
pub(in crate::serve) const POLLER_BYTES: usize = 2 * size_of::<(u32, Option<Instant>)>();

/// The participants whose latest connection was a poll, and when it ended; `None` while it lasts.
#[derive(Debug, Default)]
pub(super) struct Pollers {
    ended_at: BTreeMap<u32, Option<Instant>>,
}

/// Lists that the operator has asked for. Each is made line by line when it is sent, so that none of them
/// takes memory while it waits.
#[derive(Debug, Default)]
pub(super) struct ConnectionLists(pub(super) VecDeque<ConnectionList>);

/// One list, of which a part may be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionList {
    pub(super) request: u64,
    /// The lowest number that was not sent.
    pub(super) next: u32,
}

impl ConnectionLists {
    /// Adds a list, the answer to this request.
    pub(super) fn add(&mut self, request: u64) {
        if self.0.len() == MAX_LISTS {
            self.0.pop_front();
        }
        self.0.push_back(ConnectionList { request, next: 0 });
    }
}

impl Pollers {
    /// Notes a connection over a socket.
    pub(super) fn remove(&mut self, number: u32) {
        self.ended_at.remove(&number);
    }

    /// Notes that a poll of this participant has begun.
    pub(super) fn begin(&mut self, number: u32) {
        self.ended_at.insert(number, None);
    }

    /// Notes that the latest poll of this participant has ended.
    pub(super) fn end(&mut self, number: u32, now: Instant) {
        self.ended_at.insert(number, Some(now));
    }

    /// Drops those for whom `keep` does not hold.
    pub(super) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.ended_at.retain(|number, _| keep(*number));
    }

    /// By what the participant of this seat is connected.
    pub(super) fn connected(&self, seat: &Seat, now: Instant) -> Connected {
        match (seat.is_connected(), self.ended_at.get(&seat.number())) {
            (true, None) => Connected::Page,
            (true, Some(_)) => Connected::Poll,
            (false, Some(Some(ended_at)))
                if now.saturating_duration_since(*ended_at) < NEXT_POLL_TIMEOUT =>
            {
                Connected::Poll
            }
            (false, _) => Connected::Away,
        }
    }
}
