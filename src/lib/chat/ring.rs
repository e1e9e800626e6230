//! What the room remembers: encoded events in order, bounded by count, by bytes and by age.
//!
//! Every way of reading the room holds nothing but a cursor into this ring. Whoever reads too
//! slowly falls out of it and is told how much was missed; nothing is buffered per reader.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The bounds of a ring. Whichever is reached first drops the oldest event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// At most this many events, and at least one.
    pub(crate) events: usize,
    /// At most this many bytes of encoded text.
    pub(crate) bytes: usize,
    /// Nothing older than this.
    pub(crate) age: Duration,
}

/// One remembered event: encoded once, shared by all who read it.
#[derive(Debug)]
struct Entry {
    text: Arc<str>,
    at: Instant,
    /// Whether a newcomer may be shown it, as part of the backlog.
    spoken: bool,
}

/// Most that an event costs beside its text: its entry, in a buffer that doubles when it grows, and
/// the two counters of what is shared.
pub(crate) const EVENT_BYTES: usize = 2 * size_of::<Entry>() + 2 * size_of::<usize>();

/// The events of the room, numbered from 1 without a gap.
#[derive(Debug)]
pub(crate) struct Ring {
    bounds: Bounds,
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The number that the next event gets.
    next: u64,
}

/// What lies behind a cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// So many events were forgotten before they could be read.
    pub(crate) missed: u64,
    /// The events after the cursor, oldest first.
    pub(crate) events: Vec<Arc<str>>,
    /// The cursor after reading them.
    pub(crate) cursor: u64,
}

impl Ring {
    /// An empty one.
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, entries: VecDeque::new(), bytes: 0, next: 1 }
    }

    /// The number that the next event will get.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The number of the latest event; 0 before the first. A cursor here has read everything.
    pub(crate) fn latest(&self) -> u64 {
        self.next - 1
    }

    /// Remembers an event, which gets the number [`Ring::next`]. `spoken` events make the backlog.
    pub(crate) fn push(&mut self, text: Arc<str>, spoken: bool, now: Instant) {
        self.bytes += text.len();
        self.entries.push_back(Entry { text, at: now, spoken });
        self.next += 1;
        // The newest stays even if it alone is over the bound: somebody is about to read it.
        while self.entries.len() > 1
            && (self.entries.len() > self.bounds.events || self.bytes > self.bounds.bytes)
        {
            self.forget_oldest();
        }
    }

    /// Forgets what is too old at `now`, and says when to ask again.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        while let Some(oldest) = self.entries.front() {
            let end = oldest.at + self.bounds.age;
            if end > now {
                return Some(end);
            }
            self.forget_oldest();
        }
        None
    }

    /// At most `limit` bytes of events after `cursor`, but at least one event if there is any.
    /// A cursor from the future reads nothing.
    pub(crate) fn after(&self, cursor: u64, limit: usize) -> Past {
        let oldest = self.next - self.entries.len() as u64;
        let from = cursor.saturating_add(1).max(oldest);
        let mut past = Past {
            missed: from - cursor.saturating_add(1).min(from),
            events: Vec::new(),
            cursor: cursor.max(from - 1),
        };
        let mut bytes = 0;
        let skip = usize::try_from(from - oldest).unwrap_or(usize::MAX);
        for entry in self.entries.iter().skip(skip) {
            bytes += entry.text.len();
            if bytes > limit && !past.events.is_empty() {
                break;
            }
            past.events.push(Arc::clone(&entry.text));
            past.cursor += 1;
        }
        past
    }

    /// The last `count` spoken events, oldest first.
    pub(crate) fn backlog(&self, count: usize) -> Vec<Arc<str>> {
        let spoken = self.entries.iter().rev().filter(|entry| entry.spoken);
        let mut latest: Vec<_> = spoken.take(count).map(|entry| Arc::clone(&entry.text)).collect();
        latest.reverse();
        latest
    }

    fn forget_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(events: usize, bytes: usize) -> Ring {
        Ring::new(Bounds { events, bytes, age: Duration::from_secs(600) })
    }

    fn filled(count: u64) -> Ring {
        let mut ring = ring(5, 1000);
        for number in 1..=count {
            ring.push(format!("{number}").into(), number % 2 == 0, Instant::now());
        }
        ring
    }

    fn texts(past: &Past) -> Vec<&str> {
        past.events.iter().map(|text| &**text).collect()
    }

    #[test]
    fn a_cursor_reads_each_event_once_and_learns_what_it_missed() {
        let ring = filled(7);
        let past = ring.after(5, 1000);
        assert_eq!((past.missed, texts(&past), past.cursor), (0, vec!["6", "7"], 7));
        let past = ring.after(0, 1000);
        assert_eq!((past.missed, past.events.len(), past.cursor), (2, 5, 7));
        let past = ring.after(99, 1000);
        assert_eq!((past.missed, past.events.len(), past.cursor), (0, 0, 99));
        assert_eq!(ring.after(u64::MAX, 1).events.len(), 0);
    }

    #[test]
    fn a_batch_is_bounded_but_never_stuck() {
        let ring = filled(7);
        assert_eq!(texts(&ring.after(3, 2)), ["4", "5"]);
        assert_eq!(texts(&ring.after(3, 0)), ["4"]);
    }

    #[test]
    fn age_empties_it_and_says_when_to_come_back() {
        let start = Instant::now();
        let mut ring = ring(5, 1000);
        ring.push("a".into(), true, start);
        assert_eq!(ring.expire(start), Some(start + Duration::from_secs(600)));
        assert_eq!(ring.expire(start + Duration::from_secs(600)), None);
        assert_eq!(ring.after(0, 10).missed, 1);
    }

    #[test]
    fn the_backlog_is_what_was_said_last() {
        let backlog = filled(7).backlog(2);
        assert_eq!(backlog.iter().map(|text| &**text).collect::<Vec<_>>(), ["4", "6"]);
    }

    proptest! {
        /// Any mix of pushing and reading in batches: in order, exactly once, or counted as missed.
        #[test]
        fn nothing_is_lost_doubled_or_reordered(
            steps in proptest::collection::vec((0u8..3, 1usize..40), 1..200),
        ) {
            let mut ring = ring(8, 100);
            let (mut cursor, mut seen, mut pushed) = (0, 0u64, 0u64);
            for (kind, size) in steps {
                if kind < 2 {
                    pushed += 1;
                    ring.push(format!("{pushed:>size$}").into(), true, Instant::now());
                    prop_assert!(ring.entries.len() <= 8);
                    prop_assert!(ring.bytes <= 100 || ring.entries.len() == 1);
                } else {
                    let past = ring.after(cursor, size);
                    seen += past.missed;
                    for text in &past.events {
                        seen += 1;
                        prop_assert_eq!(text.trim(), seen.to_string());
                    }
                    cursor = past.cursor;
                    prop_assert_eq!(cursor, seen);
                }
            }
        }
    }
}
