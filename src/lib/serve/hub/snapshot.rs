//! The room as those see it who write to many at once.

use tokio::sync::watch;

use super::connection::{Batch, ConnectionId, MAX_BATCH_BYTES, Position};
use super::{Hub, Inner, Life};

/// What tells whether somebody has to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Snapshot {
    /// Whoever is here has read everything.
    pub(in crate::serve) latest: Position,
    /// The session ends: whoever has read everything is to be told.
    pub(in crate::serve) closing: bool,
    /// Another number than before: somebody may have lost the right to speak, see [`Hub::speaks`].
    pub(in crate::serve) resume_count: u64,
}

impl Hub {
    /// How things stand.
    pub(in crate::serve) fn snapshot(&self) -> Snapshot {
        let inner = self.lock();
        Snapshot {
            latest: Position { cursor: inner.ring.latest(), typed: inner.typed },
            closing: inner.life == Life::Closing,
            resume_count: inner.resume_count,
        }
    }

    /// Rings whenever something has happened.
    pub(in crate::serve) fn subscribe(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// What everybody reads next who has read up to `position`.
    pub(in crate::serve) fn read_after(&self, position: Position) -> Batch {
        self.lock().read_after(position)
    }

    /// Whether this is still the transport of its seat.
    pub(in crate::serve) fn is_current(&self, id: ConnectionId) -> bool {
        self.lock().is_current(id)
    }
}

impl Inner {
    /// What a participant was typing is said, or comes no more.
    pub(super) fn forget_typing(&mut self, number: u64) {
        self.typing.retain(|(_, typist)| *typist != number);
    }

    pub(super) fn read_after(&self, position: Position) -> Batch {
        let past = self.ring.after(position.cursor, MAX_BATCH_BYTES);
        let fresh = self.typing.iter().filter(|(mark, _)| *mark > position.typed);
        let typing = fresh.map(|(_, number)| *number).collect();
        let end = Position { cursor: past.cursor, typed: self.typed };
        Batch { past, typing, end }
    }

    pub(super) fn is_current(&self, id: ConnectionId) -> bool {
        self.room.transport(id.number) == Some(id.transport)
    }
}
