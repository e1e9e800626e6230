//! What the room remembers: encoded events in order, bounded by count, by bytes and by age.
//!
//! A reader holds a cursor into this ring and nothing else. One that is too slow falls out of it and is
//! told how many events it missed; nothing is buffered per reader.
//!
//! Joins and leaves, and in a sealed room the keys that follow from them, have bounds of their own, so that
//! they never push out messages.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::event_line::EventLine;
use super::ring_entry::{EntryKind, RingEntry};

/// The bounds of a ring. At a bound, the oldest event of that kind is forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingBounds {
    /// Most messages and notices; at least one is kept.
    pub(crate) messages: usize,
    /// Most bytes of their lines.
    pub(crate) bytes: usize,
    /// Most joins and leaves, or generations of keys; at least one is kept.
    pub(crate) presence: usize,
    /// Most bytes of their lines, letters included.
    pub(crate) presence_bytes: usize,
    /// Every entry is forgotten after this time.
    pub(crate) age: Duration,
}

/// The events of the room, numbered from 1.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(super) bounds: RingBounds,
    /// After which time messages are forgotten, if that is earlier than the age of all entries.
    pub(super) fade: Option<Duration>,
    /// Messages and notices, in order.
    pub(super) messages: VecDeque<RingEntry>,
    /// Of the lines of `messages`.
    pub(super) bytes: usize,
    /// Joins and leaves, or keys, in order. Both lists together have no gap in their numbers, except for
    /// what was forgotten.
    pub(super) presence: VecDeque<RingEntry>,
    /// Of the lines of `presence`.
    pub(super) presence_bytes: usize,
    next_seq: u64,
}

/// What follows a cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EventSlice {
    /// Events before `lines` that were forgotten before this reader came to them.
    pub(crate) missed: u64,
    /// Oldest first, without a gap in their numbers.
    pub(crate) lines: Vec<EventLine>,
    /// The cursor after these lines.
    pub(crate) cursor: u64,
}

impl Ring {
    /// An empty ring.
    pub(crate) fn new(bounds: RingBounds) -> Self {
        let (messages, presence) = (VecDeque::new(), VecDeque::new());
        Self { bounds, fade: None, messages, bytes: 0, presence, presence_bytes: 0, next_seq: 1 }
    }

    /// The number of the next event.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The number of the latest event; 0 before the first. A cursor here has read everything.
    pub(crate) fn latest_seq(&self) -> u64 {
        self.next_seq - 1
    }

    /// Appends an event under the number [`Ring::next_seq`].
    pub(crate) fn push(&mut self, line: EventLine, kind: EntryKind, now: Instant) {
        let bytes = line.memory_bytes();
        let entry = RingEntry::new(self.next_seq, line, now, kind);
        self.next_seq += 1;
        let RingBounds { messages, bytes: message_bytes, presence, presence_bytes, .. } =
            self.bounds;
        // The newest stays even if it exceeds the bound by itself: its readers are about to be woken.
        match kind {
            EntryKind::Message(_) | EntryKind::Announcement | EntryKind::Notice => {
                self.messages.push_back(entry);
                self.bytes += bytes;
                while self.messages.len() > 1
                    && (self.messages.len() > messages || self.bytes > message_bytes)
                {
                    self.forget_message();
                }
            }
            EntryKind::Presence(_) | EntryKind::Keys => {
                self.presence.push_back(entry);
                self.presence_bytes += bytes;
                while self.presence.len() > 1
                    && (self.presence.len() > presence || self.presence_bytes > presence_bytes)
                {
                    self.forget_presence();
                }
            }
        }
    }

    /// The events after `cursor`: at most `max_bytes`, but at least one event if there is any. Stops
    /// before a gap; the next call counts it as missed. Empty for a cursor from the future.
    pub(crate) fn read_after(&self, cursor: u64, max_bytes: usize, now: Instant) -> EventSlice {
        let mut slice = EventSlice { missed: 0, lines: Vec::new(), cursor };
        let mut bytes = 0;
        for entry in self.entries_after(cursor) {
            let line = self.readable_line(entry, now);
            bytes += line.map_or(0, EventLine::len);
            let is_next = entry.seq == slice.cursor + 1;
            if !slice.lines.is_empty() && (!is_next || bytes > max_bytes) {
                return slice;
            }
            slice.missed += entry.seq - slice.cursor - 1;
            slice.lines.extend(line.cloned());
            slice.cursor = entry.seq;
        }
        if slice.lines.is_empty() && slice.cursor < self.latest_seq() {
            slice.missed = self.latest_seq() - slice.cursor;
            slice.cursor = self.latest_seq();
        }
        slice
    }

    /// The messages after `cursor` up to the event `end`: at most `max_bytes`, but at least one message
    /// if there is any. What was forgotten does not count as missed: the reader had not joined.
    pub(crate) fn messages_between(
        &self,
        cursor: u64,
        end: u64,
        max_bytes: usize,
        now: Instant,
    ) -> EventSlice {
        let mut slice = EventSlice { missed: 0, lines: Vec::new(), cursor: end.max(cursor) };
        let mut bytes = 0;
        for entry in entries_after(&self.messages, cursor).take_while(|entry| entry.seq <= end) {
            if !entry.is_backlog() {
                continue;
            }
            let Some(line) = self.readable_line(entry, now) else { continue };
            bytes += line.len();
            if bytes > max_bytes && !slice.lines.is_empty() {
                slice.cursor = entry.seq - 1;
                break;
            }
            slice.lines.push(line.clone());
        }
        slice
    }

    /// The cursor that is followed by the last `count` messages, or by fewer if there are fewer.
    pub(crate) fn cursor_before_last(&self, count: usize) -> u64 {
        let messages = self.messages.iter().rev().filter(|entry| entry.is_backlog());
        messages.take(count).last().map_or(self.latest_seq(), |first| first.seq - 1)
    }

    /// Whether anything but joins and leaves follows `cursor`.
    pub(crate) fn has_messages_after(&self, cursor: u64) -> bool {
        entries_after(&self.messages, cursor).any(|entry| entry.line().is_some())
    }

    /// The participants whom the events after `cursor` are about, in order and with repetitions. With
    /// `end`, only the senders of messages up to that event.
    pub(crate) fn mentioned_participants(
        &self,
        cursor: u64,
        end: Option<u64>,
    ) -> impl Iterator<Item = u32> {
        let entries = self.entries_after(cursor);
        entries.take_while(move |entry| end.is_none_or(|end| entry.seq <= end)).filter_map(
            move |entry| match entry.kind()? {
                EntryKind::Message(number) => Some(number),
                EntryKind::Presence(number) => end.is_none().then_some(number),
                EntryKind::Announcement | EntryKind::Notice | EntryKind::Keys => None,
            },
        )
    }

    /// The line of an entry, unless it is forgotten, or to be forgotten at the next [`Ring::expire`].
    fn readable_line<'a>(&self, entry: &'a RingEntry, now: Instant) -> Option<&'a EventLine> {
        let is_faded = entry.is_said() && self.has_faded(entry, now);
        entry.line().filter(|_| !is_faded)
    }

    /// Everything after `cursor`, both lists merged in order.
    fn entries_after(&self, cursor: u64) -> impl Iterator<Item = &RingEntry> {
        let mut messages = entries_after(&self.messages, cursor).peekable();
        let mut presence = entries_after(&self.presence, cursor).peekable();
        std::iter::from_fn(move || match (messages.peek(), presence.peek()) {
            (Some(message), Some(other)) if other.seq < message.seq => presence.next(),
            (Some(_), _) => messages.next(),
            (None, _) => presence.next(),
        })
    }

    /// Messages, bytes of messages, and joins and leaves: each has a bound.
    #[cfg(test)]
    pub(super) fn bounded_sizes(&self) -> (usize, usize, usize) {
        (self.messages.len(), self.bytes, self.presence.len())
    }
}

fn entries_after(entries: &VecDeque<RingEntry>, cursor: u64) -> impl Iterator<Item = &RingEntry> {
    entries.range(entries.partition_point(|entry| entry.seq <= cursor)..)
}
