//! Lists by what each participant is connected, at the operator's request.

use std::time::Instant;

use super::connection::Connection;
use super::connections::ConnectionList;
use super::{Hub, Inner};
use crate::chat::Seat;
use crate::control::{Connected, MAX_CONNECTIONS_PER_LINE, RoomReport};

impl Hub {
    /// Has the list of all connections sent to the operator, as the answer to this request.
    pub(super) fn list_connections(&self, request: u64) {
        self.lock().connection_lists.add(request);
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
