//! What a reader gets in one read, and up to where it has read.

use std::sync::Arc;

use crate::chat::{EventLine, EventSlice};
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
    /// Whether a line differs from reader to reader.
    pub(in crate::serve) fn is_per_reader(&self) -> bool {
        self.events.lines.iter().any(|line| matches!(line, EventLine::Lettered(_)))
    }

    /// The lines to send to this reader, in pieces that are shared with the ring. The reader's own "typing"
    /// is left out.
    pub(in crate::serve) fn into_pieces(mut self, number: u32) -> Vec<Arc<str>> {
        self.typing.retain(|typist| *typist != number);
        self.join(|line| line.into_pieces_for(number))
    }

    /// The lines to send to every reader; none if a line differs from reader to reader.
    pub(in crate::serve) fn into_shared_lines(self) -> Vec<Arc<str>> {
        if self.is_per_reader() {
            return Vec::new();
        }
        self.join(|line| match line {
            EventLine::Shared(line) => vec![line],
            EventLine::Lettered(_) => Vec::new(),
        })
    }

    /// How many events were missed, the events, and who is typing.
    fn join(self, pieces: impl FnMut(EventLine) -> Vec<Arc<str>>) -> Vec<Arc<str>> {
        let EventSlice { missed, lines, .. } = self.events;
        let gap = (missed > 0).then(|| wire::gap_line(missed));
        let typing = self.typing.into_iter().map(wire::typing_line);
        let lines = lines.into_iter().flat_map(pieces);
        gap.into_iter().map(Arc::from).chain(lines).chain(typing.map(Arc::from)).collect()
    }
}
