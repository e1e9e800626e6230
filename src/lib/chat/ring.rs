//! What the room remembers: encoded events in order, bounded by count, by bytes and by age.
//!
//! Every way of reading the room holds nothing but a cursor into this ring. A reader that is too
//! slow falls out of it and is told how much was missed; nothing is buffered per reader.
//!
//! Joins and leaves have a bound of their own: however many come and go, what was said stays.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The bounds of a ring. At a bound, the oldest event of that kind is forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// At most this many messages, and at least one.
    pub(crate) events: usize,
    /// At most this many bytes of encoded messages.
    pub(crate) bytes: usize,
    /// At most this many joins and leaves; each is a name and a few numbers.
    pub(crate) presence: usize,
    /// Nothing older than this.
    pub(crate) age: Duration,
}

/// What an event is about, as far as the ring must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The participant of this number said something: part of the backlog.
    Said(u64),
    /// The participant of this number came or went.
    Presence(u64),
    /// News of the room itself.
    Notice,
}

/// One remembered event: encoded once, shared by all who read it.
#[derive(Debug)]
struct Entry {
    seq: u64,
    text: Arc<str>,
    at: Instant,
    kind: Kind,
}

/// Most that an event costs beside its text: its entry, in a buffer that doubles when it grows, and
/// the two counters of what is shared.
pub(crate) const EVENT_BYTES: usize = 2 * size_of::<Entry>() + 2 * size_of::<usize>();

/// The events of the room, numbered from 1 in the order in which they happened.
#[derive(Debug)]
pub(crate) struct Ring {
    bounds: Bounds,
    /// What was said, and news of the room; in order.
    said: VecDeque<Entry>,
    /// The bytes of those.
    bytes: usize,
    /// Who came and went; in order. The numbers of both lists together have no gap but where events
    /// were forgotten.
    presence: VecDeque<Entry>,
    /// The number that the next event gets.
    next: u64,
}

/// What lies behind a cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// So many events were forgotten before they could be read. They come before `events`.
    pub(crate) missed: u64,
    /// The events after those, oldest first, without a number missing between them.
    pub(crate) events: Vec<Arc<str>>,
    /// The cursor after reading them.
    pub(crate) cursor: u64,
}

impl Ring {
    /// An empty one.
    pub(crate) fn new(bounds: Bounds) -> Self {
        let (said, presence) = (VecDeque::new(), VecDeque::new());
        Self { bounds, said, bytes: 0, presence, next: 1 }
    }

    /// The number that the next event will get.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The number of the latest event; 0 before the first. A cursor here has read everything.
    pub(crate) fn latest(&self) -> u64 {
        self.next - 1
    }

    /// Remembers an event, which gets the number [`Ring::next`].
    pub(crate) fn push(&mut self, text: Arc<str>, kind: Kind, now: Instant) {
        let length = text.len();
        let entry = Entry { seq: self.next, text, at: now, kind };
        self.next += 1;
        if let Kind::Presence(_) = kind {
            if self.presence.len() >= self.bounds.presence.max(1) {
                self.presence.pop_front();
            }
            self.presence.push_back(entry);
            return;
        }
        self.said.push_back(entry);
        self.bytes += length;
        // The newest stays even if it alone is over the bound: its readers are about to be woken.
        while self.said.len() > 1
            && (self.said.len() > self.bounds.events || self.bytes > self.bounds.bytes)
        {
            self.forget_said();
        }
    }

    /// Forgets what is too old at `now`.
    pub(crate) fn expire(&mut self, now: Instant) {
        let age = self.bounds.age;
        let over = |entry: &Entry| now.saturating_duration_since(entry.at) >= age;
        while self.said.front().is_some_and(over) {
            self.forget_said();
        }
        while self.presence.front().is_some_and(over) {
            self.presence.pop_front();
        }
    }

    /// At most `limit` bytes of events after `cursor`, but at least one event if there is any. It
    /// ends before a number that is missing: what is missed is counted at the beginning of the next.
    /// A cursor from the future reads nothing.
    pub(crate) fn after(&self, cursor: u64, limit: usize) -> Past {
        let mut past = Past { missed: 0, events: Vec::new(), cursor };
        let mut bytes = 0;
        for entry in self.entries_after(cursor) {
            bytes += entry.text.len();
            let follows = entry.seq == past.cursor + 1;
            if !past.events.is_empty() && (!follows || bytes > limit) {
                return past;
            }
            past.missed += entry.seq - past.cursor - 1;
            past.events.push(Arc::clone(&entry.text));
            past.cursor = entry.seq;
        }
        if past.events.is_empty() && past.cursor < self.latest() {
            past.missed = self.latest() - past.cursor;
            past.cursor = self.latest();
        }
        past
    }

    /// At most `limit` bytes of what was said after `cursor` and not after `end`, but at least one
    /// message if there is any. What is forgotten is not counted: the reader was not there.
    pub(crate) fn said_between(&self, cursor: u64, end: u64, limit: usize) -> Past {
        let mut past = Past { missed: 0, events: Vec::new(), cursor: end.max(cursor) };
        let mut bytes = 0;
        for entry in self.said_after(cursor).take_while(|entry| entry.seq <= end) {
            if entry.kind == Kind::Notice {
                continue;
            }
            bytes += entry.text.len();
            if bytes > limit && !past.events.is_empty() {
                past.cursor = entry.seq - 1;
                break;
            }
            past.events.push(Arc::clone(&entry.text));
        }
        past
    }

    /// The cursor behind which the last `count` messages are, at most.
    pub(crate) fn before_last_said(&self, count: usize) -> u64 {
        let said = self.said.iter().rev().filter(|entry| entry.kind != Kind::Notice);
        said.take(count).last().map_or(self.latest(), |first| first.seq - 1)
    }

    /// Whether anything was said, or told by the room, after `cursor`: anything but joins and leaves.
    pub(crate) fn is_said_after(&self, cursor: u64) -> bool {
        self.said_after(cursor).next().is_some()
    }

    /// Whom the events after `cursor` are about, in order, some of them more than once; with `end`,
    /// only of what was said up to there.
    pub(crate) fn mentioned(&self, cursor: u64, end: Option<u64>) -> impl Iterator<Item = u64> {
        let entries = self.entries_after(cursor);
        entries.take_while(move |entry| end.is_none_or(|end| entry.seq <= end)).filter_map(
            move |entry| match entry.kind {
                Kind::Said(number) => Some(number),
                Kind::Presence(number) => end.is_none().then_some(number),
                Kind::Notice => None,
            },
        )
    }

    /// Everything after `cursor`, both lists merged in order.
    fn entries_after(&self, cursor: u64) -> impl Iterator<Item = &Entry> {
        let mut said = self.said_after(cursor).peekable();
        let mut presence = after(&self.presence, cursor).peekable();
        std::iter::from_fn(move || match (said.peek(), presence.peek()) {
            (Some(one), Some(other)) if other.seq < one.seq => presence.next(),
            (Some(_), _) => said.next(),
            (None, _) => presence.next(),
        })
    }

    fn said_after(&self, cursor: u64) -> impl Iterator<Item = &Entry> {
        after(&self.said, cursor)
    }

    fn forget_said(&mut self) {
        if let Some(entry) = self.said.pop_front() {
            self.bytes -= entry.text.len();
        }
    }
}

fn after(entries: &VecDeque<Entry>, cursor: u64) -> impl Iterator<Item = &Entry> {
    entries.range(entries.partition_point(|entry| entry.seq <= cursor)..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(events: usize, bytes: usize) -> Ring {
        Ring::new(Bounds { events, bytes, presence: 5, age: Duration::from_secs(600) })
    }

    fn filled(count: u64) -> Ring {
        let mut ring = ring(5, 1000);
        for number in 1..=count {
            let kind = if number % 2 == 0 { Kind::Said(1) } else { Kind::Notice };
            ring.push(format!("{number}").into(), kind, Instant::now());
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
    fn age_empties_it() {
        let start = Instant::now();
        let mut ring = ring(5, 1000);
        ring.push("a".into(), Kind::Said(1), start);
        ring.push("b".into(), Kind::Presence(1), start);
        ring.expire(start + Duration::from_secs(599));
        assert_eq!(ring.after(0, 10).missed, 0);
        ring.expire(start + Duration::from_secs(600));
        assert_eq!((ring.after(0, 10).missed, ring.after(0, 10).cursor), (2, 2));
    }

    #[test]
    fn the_backlog_is_what_was_said_last() {
        let ring = filled(7);
        let begin = ring.before_last_said(2);
        assert_eq!(begin, 3);
        assert_eq!(texts(&ring.said_between(begin, 7, 1000)), ["4", "6"]);
        assert_eq!(ring.said_between(begin, 7, 1000).cursor, 7);
        // In pieces, and not beyond the end.
        let piece = ring.said_between(begin, 7, 1);
        assert_eq!((texts(&piece), piece.cursor), (vec!["4"], 5));
        assert_eq!(texts(&ring.said_between(5, 5, 1000)), [""; 0]);
        assert_eq!(ring.before_last_said(0), 7);
        assert_eq!(ring.before_last_said(99), 3, "2 is forgotten");
    }

    #[test]
    fn joins_and_leaves_push_out_nothing_that_was_said() {
        let mut ring = ring(5, 1000);
        ring.push("important".into(), Kind::Said(1), Instant::now());
        for number in 2..=1000 {
            ring.push(format!("{number}").into(), Kind::Presence(number), Instant::now());
        }
        let past = ring.after(0, 10_000);
        assert_eq!((past.missed, texts(&past), past.cursor), (0, vec!["important"], 1));
        let past = ring.after(1, 10_000);
        assert_eq!((past.missed, past.events.len(), past.cursor), (994, 5, 1000));
        assert_eq!(ring.mentioned(0, None).collect::<Vec<_>>(), [1, 996, 997, 998, 999, 1000]);
        assert_eq!(ring.mentioned(0, Some(1000)).collect::<Vec<_>>(), [1]);
    }

    proptest! {
        /// Any mix of pushing and reading in batches: in order, exactly once, or counted as missed.
        #[test]
        fn nothing_is_lost_doubled_or_reordered(
            steps in proptest::collection::vec((0u8..5, 1usize..40), 1..200),
        ) {
            let mut ring = ring(8, 100);
            let (mut cursor, mut seen, mut pushed) = (0, 0u64, 0u64);
            for (kind, size) in steps {
                if kind < 4 {
                    pushed += 1;
                    let kind = if kind < 2 { Kind::Said(1) } else { Kind::Presence(1) };
                    ring.push(format!("{pushed:>size$}").into(), kind, Instant::now());
                    prop_assert!(ring.said.len() <= 8 && ring.presence.len() <= 5);
                    prop_assert!(ring.bytes <= 100 || ring.said.len() == 1);
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
