//! What a reader gets in one read, and up to where it has read.

use std::sync::Arc;

use crate::chat::EventSlice;
use crate::wire;

/// Most bytes of events in one read: a frame that a slow connection still takes within the sender's
/// timeout.
pub(in crate::serve) const MAX_BATCH_BYTES: usize = 64 * 1024;

/// Up to where a reader has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::serve) struct Position {
    /// Number of the last event that was read.
    pub(super) cursor: u64,
    /// Number of the last "typing" that was read.
    pub(super) typing: u64,
}

#[cfg(test)]
impl Position {
    /// After the event of this number.
    pub(in crate::serve) fn at(cursor: u64) -> Self {
        Self { cursor, typing: 0 }
    }

    /// Number of the last event that was read.
    pub(in crate::serve) fn cursor(self) -> u64 {
        self.cursor
    }
}

/// What follows a position, the same for all readers there.
#[derive(Debug)]
pub(in crate::serve) struct Batch {
    /// Room events, and how many of them this reader missed.
    pub(in crate::serve) events: EventSlice,
    /// Numbers of the participants who are typing. The number of the reader is among them.
    pub(in crate::serve) typing: Vec<u32>,
    /// The position after this batch.
    pub(in crate::serve) end: Position,
}

impl Batch {
    /// Whether there is nothing to send, not even a gap; the position may have changed.
    pub(in crate::serve) fn is_empty(&self) -> bool {
        self.events.lines.is_empty() && self.events.missed == 0 && self.typing.is_empty()
    }

    /// The lines to send. Lines of events are shared with the ring.
    pub(in crate::serve) fn into_lines(self) -> Vec<Arc<str>> {
        wire::batch_lines(self.events, &self.typing)
    }
}
