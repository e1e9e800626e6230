//! By what each participant is connected, as the operator asks for it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::{Hub, Inner};
use crate::chat::Seat;
use crate::control::{Connected, MAX_CONNECTIONS_PER_LINE, RoomReport};

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
pub(super) struct ConnectionLists(VecDeque<ConnectionList>);

#[derive(Debug)]
struct ConnectionList {
    request: u64,
    /// The lowest number that was not sent.
    next: u32,
}

impl Pollers {
    /// Notes a connection over a socket.
    pub(super) fn remove(&mut self, number: u32) {
        self.ended_at.remove(&number);
    }

    /// Notes that a poll of this participant has begun.
    fn begin(&mut self, number: u32) {
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

    fn connected(&self, seat: &Seat, now: Instant) -> Connected {
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

impl Hub {
    /// Has the list of all connections sent to the operator, as the answer to this request.
    pub(super) fn list_connections(&self, request: u64) {
        let lists = &mut self.lock().connection_lists.0;
        if lists.len() == MAX_LISTS {
            lists.pop_front();
        }
        lists.push_back(ConnectionList { request, next: 0 });
        self.report_work.notify_one();
    }
}

impl Inner {
    /// The next line of the list that was asked for first.
    pub(super) fn next_connections(&mut self) -> Option<RoomReport> {
        let ConnectionList { request, next } = *self.connection_lists.0.front()?;
        let now = Instant::now();
        let mut seats = self.room.present_from(next);
        let connections: Vec<(u32, Connected)> = seats
            .by_ref()
            .take(MAX_CONNECTIONS_PER_LINE)
            .map(|seat| (seat.number(), self.pollers.connected(seat, now)))
            .collect();
        let further = seats.next().map(Seat::number);
        match further {
            Some(next) => self.connection_lists.0.front_mut()?.next = next,
            None => drop(self.connection_lists.0.pop_front()),
        }
        Some(RoomReport::Connections { request, connections, is_last: further.is_none() })
    }
}

impl Connection {
    /// Notes that this connection is a poll.
    pub(in crate::serve) fn mark_poll(&mut self) {
        self.is_poll = true;
        let mut inner = self.hub.lock();
        if inner.is_current(self.id) {
            inner.pollers.begin(self.id.number);
        }
    }
}
