//! One transport of one participant, from being let in to being dropped.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::admission::Arrival;
use super::{Hub, Life};
use crate::chat::{Past, RoomError, Text};
use crate::wire;

/// "typing" notes that are remembered for readers who have not woken up yet. Losing one loses a
/// flicker on a screen.
const TYPING_KEPT: usize = 64;

/// Most that one read takes from the ring: a frame that a slow line can still swallow within the
/// patience of the sender.
pub(in crate::serve) const MAX_BATCH_BYTES: usize = 64 * 1024;

/// Why a connection has nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum CloseReason {
    /// The session ends.
    SessionEnded,
    /// Its seat was given up, or taken over by a newer transport.
    Replaced,
}

/// How far somebody has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::serve) struct Position {
    /// Number of the last event.
    pub(super) cursor: u64,
    /// Mark of the last "typing".
    pub(super) typed: u64,
}

#[cfg(test)]
impl Position {
    /// Behind the event of this number.
    pub(in crate::serve) fn at(cursor: u64) -> Self {
        Self { cursor, typed: 0 }
    }

    /// The number of the last event.
    pub(in crate::serve) fn cursor(self) -> u64 {
        self.cursor
    }
}

/// What lies behind a position, the same for all who read on from there.
#[derive(Debug)]
pub(in crate::serve) struct Batch {
    /// Events of the room.
    pub(in crate::serve) past: Past,
    /// Who types, by number of seat; of no interest to those themselves.
    pub(in crate::serve) typing: Vec<u64>,
    /// The position after reading it.
    pub(in crate::serve) end: Position,
}

/// What a connection has not read yet.
#[derive(Debug)]
pub(in crate::serve) enum ReadOutcome {
    /// Nothing new: wait for [`Connection::readable`].
    Empty,
    /// Events, and who else types.
    Batch(Batch),
    /// Nothing, ever again.
    Closed(CloseReason),
}

/// Who speaks: a seat, and which of the transports that it has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) struct ConnectionId {
    /// Of the seat.
    pub(in crate::serve) number: u64,
    pub(super) transport: u64,
}

impl Batch {
    /// Whether there is nothing in it.
    pub(in crate::serve) fn is_empty(&self) -> bool {
        self.past.events.is_empty() && self.past.missed == 0 && self.typing.is_empty()
    }

    /// The lines to send. Those of events are shared with the ring.
    pub(in crate::serve) fn into_lines(self) -> Vec<Arc<str>> {
        wire::batch_lines(self.past, &self.typing)
    }
}

/// One transport of one participant: a WebSocket, or one held poll.
#[derive(Debug)]
pub(in crate::serve) struct Connection {
    pub(super) hub: Arc<Hub>,
    pub(super) bell: watch::Receiver<()>,
    pub(super) id: ConnectionId,
    pub(super) position: Position,
    /// The number of the event that announced this participant: of what was before it, only messages
    /// are read.
    pub(super) joined: u64,
    pub(super) arrival: Arrival,
}

impl Connection {
    /// The last number that this connection has read, but for the backlog.
    pub(super) fn cursor(&self) -> u64 {
        self.position.cursor.max(self.joined)
    }

    /// How far this connection has read.
    pub(in crate::serve) fn position(&self) -> Position {
        self.position
    }

    /// Who speaks here.
    pub(in crate::serve) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Somebody else has read for this connection, up to here.
    pub(in crate::serve) fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    /// Reads on. The bell is marked as heard first, so nothing that comes later is slept through.
    pub(in crate::serve) fn try_read(&mut self) -> ReadOutcome {
        self.bell.mark_unchanged();
        let mut inner = self.hub.lock();
        if !inner.is_current(self.id) {
            return ReadOutcome::Closed(CloseReason::Replaced);
        }
        if self.position.cursor < self.joined {
            let past = inner.ring.said_between(self.position.cursor, self.joined, MAX_BATCH_BYTES);
            self.position.cursor = past.cursor;
            inner.room.read(self.id.number, past.cursor);
            if !past.events.is_empty() {
                let (typing, end) = (Vec::new(), self.position);
                return ReadOutcome::Batch(Batch { past, typing, end });
            }
        }
        let mut batch = inner.read_after(self.position);
        batch.typing.retain(|number| *number != self.id.number);
        self.position = batch.end;
        if !batch.is_empty() {
            return ReadOutcome::Batch(batch);
        }
        match inner.life {
            Life::Open => ReadOutcome::Empty,
            Life::Closing => ReadOutcome::Closed(CloseReason::SessionEnded),
        }
    }

    /// Returns when there may be something to read. Safe to cancel.
    pub(in crate::serve) async fn readable(&mut self) {
        // The hub cannot be gone: this connection holds it.
        let _ = self.bell.changed().await;
    }

    /// Says something to everybody. A repetition under the same reference is dropped.
    ///
    /// # Errors
    /// What the room says; [`RoomError::NoSeat`] also after a newer transport took the seat.
    pub(in crate::serve) fn say(
        &self,
        reference: Option<String>,
        text: Text,
    ) -> Result<(), RoomError> {
        let mut inner = self.hub.lock();
        if !inner.is_current(self.id) {
            return Err(RoomError::NoSeat);
        }
        let event = inner.room.say(self.id.number, reference, text, Instant::now())?;
        self.hub.publish(&mut inner, event);
        Ok(())
    }

    /// Lets the others know that this one types.
    pub(in crate::serve) fn notify_typing(&self) {
        let mut inner = self.hub.lock();
        let number = self.id.number;
        if !inner.is_current(self.id) || !inner.room.types(number, Instant::now()) {
            return;
        }
        if inner.typing.len() == TYPING_KEPT {
            inner.typing.pop_front();
        }
        inner.typed += 1;
        let mark = inner.typed;
        inner.typing.push_back((mark, number));
        self.hub.bell.send_replace(());
    }

    /// The client has used this connection: the seat is not merely taken.
    pub(in crate::serve) fn mark_active(&self) {
        let mut inner = self.hub.lock();
        if inner.is_current(self.id) {
            inner.room.took(self.id.number);
        }
    }

    /// Gives up the seat for good.
    pub(in crate::serve) fn leave(&self) {
        let mut inner = self.hub.lock();
        if inner.is_current(self.id) {
            let event = inner.room.leave(self.id.number, Instant::now());
            self.hub.publish(&mut inner, event);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        let ConnectionId { number, transport } = self.id;
        inner.room.detach(number, transport, Instant::now());
        inner.connections -= 1;
        let awaited = inner.life == Life::Closing;
        drop(inner);
        if awaited {
            self.hub.bell.send_replace(());
        }
    }
}
