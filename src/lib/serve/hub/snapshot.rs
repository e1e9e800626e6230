//! The state of the room for the fan-out, which reads once for all sockets.

use std::time::Instant;

use tokio::sync::watch;

use super::batch::{Batch, MAX_BATCH_BYTES, Position};
use super::{ConnectionId, Hub, Inner, Life};

/// What decides whether a socket has to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Snapshot {
    /// A socket at this position has read everything.
    pub(in crate::serve) latest: Position,
    /// Whether the session ends: a socket that has read everything is told so.
    pub(in crate::serve) closing: bool,
    /// If it differs from an earlier snapshot, a connection may have to read by itself: check
    /// [`Hub::follows_all`].
    pub(in crate::serve) seat_changes: u64,
}

impl Hub {
    /// The state at this moment.
    pub(in crate::serve) fn snapshot(&self) -> Snapshot {
        let inner = self.lock();
        Snapshot {
            latest: inner.latest_position(),
            closing: inner.life == Life::Closing,
            seat_changes: inner.seat_changes,
        }
    }

    /// A receiver that is marked as changed whenever the snapshot may differ.
    pub(in crate::serve) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What every reader at `position` reads next.
    pub(in crate::serve) fn read_after(&self, position: Position) -> Batch {
        self.lock().read_after(position)
    }

    /// Whether a connection gets what all get, and nothing else, until the next change of
    /// [`Snapshot::seat_changes`].
    pub(in crate::serve) fn follows_all(&self, id: ConnectionId) -> bool {
        self.lock().follows_all(id)
    }
}

impl Inner {
    /// The position of a reader who has read everything.
    pub(super) fn latest_position(&self) -> Position {
        Position { cursor: self.ring.latest_seq(), typing: self.typing_count }
    }

    /// Reads at most [`MAX_BATCH_BYTES`] of events, and all later "typing" notes.
    pub(super) fn read_after(&self, position: Position) -> Batch {
        let events = self.ring.read_after(position.cursor, MAX_BATCH_BYTES, Instant::now());
        let unread = self.typing.iter().filter(|(note, _)| *note > position.typing);
        let typing = unread.map(|(_, number)| *number).collect();
        let end = Position { cursor: events.cursor, typing: self.typing_count };
        Batch { events, typing, end }
    }
}
