//! A participant's connection to the room: reads its events, posts messages. Knows no transport.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::batch::{Batch, MAX_BATCH_BYTES, Position};
use super::room_state::RoomState;
use super::{ConnectionId, Hub, Inner, Life};
use crate::chat::Seat;

/// A participant's connection, and the pieces of the welcome, which are to be sent first; none for one who
/// goes on where an earlier connection ended.
pub(in crate::serve) type Entered = (Connection, Vec<Arc<str>>);

/// Why a connection has nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum CloseReason {
    /// The room is closing, and everything before the end is read.
    SessionEnded,
    /// The seat was given up, or a newer connection has it.
    Replaced,
    /// The operator has removed the participant.
    Removed,
}

/// The result of [`Connection::try_read`].
#[derive(Debug)]
pub(in crate::serve) enum ReadOutcome {
    /// Nothing new: wait for [`Connection::readable`].
    Empty,
    /// At least one line to send, in pieces that are shared with the ring.
    Pieces(Vec<Arc<str>>),
    /// Nothing will follow, for this reason.
    Closed(CloseReason),
}

/// Whether a connection is the first one of its participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It joined; its welcome may skip joins that the roster already shows.
    Newcomer,
    /// It resumed a seat: no event that it has not read may be skipped.
    Returning,
}

/// One transport of one participant: a WebSocket or one poll. It counts as present until it is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Connection {
    pub(super) hub: Arc<Hub>,
    /// Changes with every event, "typing" note and closing; see [`Connection::readable`].
    pub(super) changed: watch::Receiver<()>,
    /// Stale once a newer connection has the seat: checked before each access to the room.
    pub(super) id: ConnectionId,
    /// Up to where this connection has read.
    pub(super) position: Position,
    /// Number of the event that announced this participant. Of the events before it, only messages are
    /// read.
    pub(super) joined_seq: u64,
    pub(super) arrival: Arrival,
    /// Whether it is a poll, and not a socket.
    pub(super) is_poll: bool,
}

impl Hub {
    /// A connection for the seat of this participant, which reads on after the event `cursor`.
    pub(super) fn connect(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u32,
        cursor: u64,
        arrival: Arrival,
    ) -> Connection {
        inner.connections += 1;
        inner.pollers.remove(number);
        let transport = inner.room.transport(number).unwrap_or_default();
        Connection {
            hub: Arc::clone(self),
            changed: self.changed.subscribe(),
            id: ConnectionId { number, transport },
            position: Position { cursor, typing: inner.typing_count },
            joined_seq: inner.room.seat(number).map_or(u64::MAX, Seat::joined_seq),
            arrival,
            is_poll: false,
        }
    }
}

impl Connection {
    /// Identifies this connection; the fan-out checks it with [`Hub::follows_all`].
    pub(in crate::serve) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Up to where this connection has read, for the fan-out to read on.
    pub(in crate::serve) fn position(&self) -> Position {
        self.position
    }

    /// Takes over the position up to which the fan-out has sent for this connection.
    pub(in crate::serve) fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    /// Reads the next batch, in pieces to send. Consumes the wake-up before it reads the ring, so that none
    /// is lost in between.
    pub(in crate::serve) fn try_read(&mut self) -> ReadOutcome {
        self.changed.mark_unchanged();
        let mut inner = self.hub.lock();
        if let Err(reason) = inner.check_current(self.id) {
            return ReadOutcome::Closed(reason);
        }
        let number = self.id.number;
        if self.position.cursor < self.joined_seq {
            let cursor = self.position.cursor;
            let (end, now) = (self.joined_seq, Instant::now());
            let events = inner.ring.messages_between(cursor, end, MAX_BATCH_BYTES, now);
            self.position.cursor = events.cursor;
            inner.room.mark_history_read(number, events.cursor);
            if !events.lines.is_empty() {
                let batch = Batch { events, typing: Vec::new(), end: self.position };
                return ReadOutcome::Pieces(batch.into_pieces(number));
            }
        }
        loop {
            if let Some(line) = inner.take_own_line(number, self.position.cursor) {
                return ReadOutcome::Pieces(vec![line.into()]);
            }
            if self.position == inner.latest_position() {
                break;
            }
            // More than once only if this participant gets no line of what was read.
            let batch = inner.read_after(self.position);
            self.position = batch.end;
            let pieces = batch.into_pieces(number);
            if !pieces.is_empty() {
                return ReadOutcome::Pieces(pieces);
            }
        }
        match inner.life {
            Life::Open => ReadOutcome::Empty,
            Life::Closing => ReadOutcome::Closed(CloseReason::SessionEnded),
        }
    }

    /// Returns when there may be something to read. Cancel safe.
    pub(in crate::serve) async fn readable(&mut self) {
        // The sender cannot be gone: this connection holds the hub.
        let _ = self.changed.changed().await;
    }

    /// Notes that the client has sent something after the welcome. In a full room, such a seat is
    /// protected after a disconnect. Without effect once a newer connection has the seat.
    pub(in crate::serve) fn mark_active(&self) {
        let mut inner = self.hub.lock();
        if inner.is_current(self.id) {
            inner.room.mark_active(self.id.number);
        }
    }

    /// Gives up the seat for good, and announces that. Without effect once a newer connection has it.
    pub(in crate::serve) fn leave(&self) {
        let mut inner = self.hub.lock();
        if !inner.is_current(self.id) {
            return;
        }
        let (number, now) = (self.id.number, Instant::now());
        match &mut inner.room {
            RoomState::Open(open) => {
                let event = open.room.leave(number, now);
                self.hub.publish(&mut inner, event);
            }
            RoomState::Sealed(sealed) => {
                let events = sealed.seats.leave(number, now);
                self.hub.report_gone(sealed, events);
            }
        }
    }
}

impl Inner {
    /// Checks that this connection has its seat.
    ///
    /// # Errors
    /// Why it has not.
    pub(super) fn check_current(&self, id: ConnectionId) -> Result<(), CloseReason> {
        if self.is_current(id) {
            Ok(())
        } else if self.room.is_removed(id.number) {
            Err(CloseReason::Removed)
        } else {
            Err(CloseReason::Replaced)
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        let (ConnectionId { number, transport }, now) = (self.id, Instant::now());
        if self.is_poll && inner.is_current(self.id) {
            inner.pollers.end(number, now);
        }
        inner.room.detach(number, transport, now);
        inner.connections -= 1;
        let is_closing = inner.life == Life::Closing;
        drop(inner);
        if is_closing {
            // `Hub::drained` waits for this.
            self.hub.notify();
        }
    }
}
