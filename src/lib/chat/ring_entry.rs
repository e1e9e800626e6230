//! One event in the ring.

use std::sync::Arc;
use std::time::Instant;

use super::event_line::EventLine;

/// What an event is about, as far as the ring needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A message of the participant with this number. Part of the backlog.
    Message(u32),
    /// The host said something. It fades and is cleared as a message is, and is no part of the backlog.
    Announcement,
    /// The participant with this number joined or left.
    Presence(u32),
    /// The people in a sealed room changed, and with them the key.
    Keys,
    /// About the room itself.
    Notice,
}

/// One event: encoded once, its line shared by all readers.
#[derive(Debug)]
pub(super) struct RingEntry {
    pub(super) seq: u64,
    line: EventLine,
    pub(super) at: Instant,
    /// `None` once the operator had it forgotten, which leaves an empty line: readers do not miss what they
    /// were not to see. Here, and not at the line, because it takes no memory here.
    kind: Option<EntryKind>,
}

impl RingEntry {
    /// An event of this moment.
    pub(super) fn new(seq: u64, line: EventLine, at: Instant, kind: EntryKind) -> Self {
        Self { seq, line, at, kind: Some(kind) }
    }

    /// What the event is about, unless it was forgotten.
    pub(super) fn kind(&self) -> Option<EntryKind> {
        self.kind
    }

    /// The line, unless it was forgotten.
    pub(super) fn line(&self) -> Option<&EventLine> {
        self.kind.map(|_| &self.line)
    }

    /// Whether this is a message that a newcomer is shown.
    pub(super) fn is_backlog(&self) -> bool {
        matches!(self.kind, Some(EntryKind::Message(_)))
    }

    /// Whether this was said, and is not forgotten.
    pub(super) fn is_said(&self) -> bool {
        matches!(self.kind, Some(EntryKind::Message(_) | EntryKind::Announcement))
    }

    /// Drops the line. The memory of the text is overwritten when its last reader has sent it.
    pub(super) fn forget(&mut self) {
        self.line = EventLine::Shared(Arc::default());
        self.kind = None;
    }

    /// Of the line, in the ring.
    pub(super) fn memory_bytes(&self) -> usize {
        self.line.memory_bytes()
    }
}

/// Memory of an event at most, in bytes, without its line: the entry, in a buffer that doubles when it
/// grows, and the two counters of an `Arc`.
pub(crate) const ENTRY_OVERHEAD_BYTES: usize = 2 * size_of::<RingEntry>() + 2 * size_of::<usize>();
