//! The room as those see it who write to many at once.

use tokio::sync::watch;

use super::connection::{BATCH_BYTES, Batch, Position, Speaker};
use super::{Hub, Inner, Life};

/// What tells whether somebody has to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Survey {
    /// Whoever is here has read everything.
    pub(in crate::serve) latest: Position,
    /// The session ends: whoever has read everything is to be told.
    pub(in crate::serve) ending: bool,
    /// Another number than before: somebody may have lost the right to speak, see [`Hub::speaks`].
    pub(in crate::serve) turnover: u64,
}

impl Hub {
    /// How things stand.
    pub(in crate::serve) fn survey(&self) -> Survey {
        let inner = self.lock();
        Survey {
            latest: Position { cursor: inner.ring.latest(), typed: inner.typed },
            ending: inner.life == Life::Ending,
            turnover: inner.turnover,
        }
    }

    /// Rings whenever something has happened.
    pub(in crate::serve) fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// What everybody reads next who has read up to `position`.
    pub(in crate::serve) fn behind(&self, position: Position) -> Batch {
        self.lock().behind(position)
    }

    /// Whether this is still the transport of its seat.
    pub(in crate::serve) fn speaks(&self, speaker: Speaker) -> bool {
        self.lock().speaks(speaker)
    }
}

impl Inner {
    /// What a participant was typing is said, or comes no more.
    pub(super) fn forget_typing(&mut self, number: u64) {
        self.typing.retain(|(_, typist)| *typist != number);
    }

    pub(super) fn behind(&self, position: Position) -> Batch {
        let past = self.ring.after(position.cursor, BATCH_BYTES);
        let fresh = self.typing.iter().filter(|(mark, _)| *mark > position.typed);
        let typing = fresh.map(|(_, number)| *number).collect();
        let end = Position { cursor: past.cursor, typed: self.typed };
        Batch { past, typing, end }
    }

    pub(super) fn speaks(&self, speaker: Speaker) -> bool {
        self.room.transport(speaker.number) == Some(speaker.transport)
    }
}
