//! What a ring returns for a cursor, and what it forgets.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::event_line::EventLine;
use super::ring::*;
use super::ring_entry::EntryKind;

fn line(text: impl Into<std::sync::Arc<str>>) -> EventLine {
    EventLine::Shared(text.into())
}

fn text(line: &EventLine) -> &str {
    match line {
        EventLine::Shared(text) => text,
        EventLine::Lettered(_) => panic!("no letters in these tests"),
    }
}

fn ring(messages: usize, bytes: usize) -> Ring {
    let age = Duration::from_secs(600);
    Ring::new(RingBounds { messages, bytes, presence: 5, presence_bytes: 1000, age })
}

fn filled(count: u64) -> Ring {
    let mut ring = ring(5, 1000);
    for number in 1..=count {
        let kind = if number % 2 == 0 { EntryKind::Message(1) } else { EntryKind::Notice };
        ring.push(line(format!("{number}")), kind, Instant::now());
    }
    ring
}

fn lines(slice: &EventSlice) -> Vec<&str> {
    slice.lines.iter().map(text).collect()
}

#[test]
fn a_cursor_reads_each_event_once_and_learns_what_it_missed() {
    let ring = filled(7);
    let slice = ring.read_after(5, 1000, Instant::now());
    assert_eq!((slice.missed, lines(&slice), slice.cursor), (0, vec!["6", "7"], 7));
    let slice = ring.read_after(0, 1000, Instant::now());
    assert_eq!((slice.missed, slice.lines.len(), slice.cursor), (2, 5, 7));
    let slice = ring.read_after(99, 1000, Instant::now());
    assert_eq!((slice.missed, slice.lines.len(), slice.cursor), (0, 0, 99));
    assert_eq!(ring.read_after(u64::MAX, 1, Instant::now()).lines.len(), 0);
}

#[test]
fn a_read_is_bounded_but_returns_at_least_one_event() {
    let ring = filled(7);
    assert_eq!(lines(&ring.read_after(3, 2, Instant::now())), ["4", "5"]);
    assert_eq!(lines(&ring.read_after(3, 0, Instant::now())), ["4"]);
}

#[test]
fn entries_expire() {
    let start = Instant::now();
    let mut ring = ring(5, 1000);
    ring.push(line("a"), EntryKind::Message(1), start);
    ring.push(line("b"), EntryKind::Presence(1), start);
    ring.expire(start + Duration::from_secs(599));
    assert_eq!(ring.read_after(0, 10, Instant::now()).missed, 0);
    ring.expire(start + Duration::from_secs(600));
    assert_eq!(
        (
            ring.read_after(0, 10, Instant::now()).missed,
            ring.read_after(0, 10, Instant::now()).cursor
        ),
        (2, 2)
    );
}

#[test]
fn the_backlog_is_the_last_messages() {
    let ring = filled(7);
    let start = ring.cursor_before_last(2);
    assert_eq!(start, 3);
    assert_eq!(lines(&ring.messages_between(start, 7, 1000, Instant::now())), ["4", "6"]);
    assert_eq!(ring.messages_between(start, 7, 1000, Instant::now()).cursor, 7);
    // In pieces, and not beyond the end.
    let piece = ring.messages_between(start, 7, 1, Instant::now());
    assert_eq!((lines(&piece), piece.cursor), (vec!["4"], 5));
    assert_eq!(lines(&ring.messages_between(5, 5, 1000, Instant::now())), [""; 0]);
    assert_eq!(ring.cursor_before_last(0), 7);
    assert_eq!(ring.cursor_before_last(99), 3, "2 is forgotten");
}

#[test]
fn joins_and_leaves_push_out_no_message() {
    let mut ring = ring(5, 1000);
    ring.push(line("important"), EntryKind::Message(1), Instant::now());
    for number in 2..=1000 {
        ring.push(line(format!("{number}")), EntryKind::Presence(number), Instant::now());
    }
    let slice = ring.read_after(0, 10_000, Instant::now());
    assert_eq!((slice.missed, lines(&slice), slice.cursor), (0, vec!["important"], 1));
    let slice = ring.read_after(1, 10_000, Instant::now());
    assert_eq!((slice.missed, slice.lines.len(), slice.cursor), (994, 5, 1000));
    assert_eq!(
        ring.mentioned_participants(0, None).collect::<Vec<_>>(),
        [1, 996, 997, 998, 999, 1000]
    );
    assert_eq!(ring.mentioned_participants(0, Some(1000)).collect::<Vec<_>>(), [1]);
}

proptest! {
    /// For any mix of pushes and reads, each event is read in order and once, or counted as missed.
    #[test]
    fn nothing_is_lost_doubled_or_reordered(
        steps in proptest::collection::vec((0u8..5, 1usize..40), 1..200),
    ) {
        let mut ring = ring(8, 100);
        let (mut cursor, mut seen, mut pushed) = (0, 0u64, 0u64);
        for (kind, size) in steps {
            if kind < 4 {
                pushed += 1;
                let kind = if kind < 2 { EntryKind::Message(1) } else { EntryKind::Presence(1) };
                ring.push(line(format!("{pushed:>size$}")), kind, Instant::now());
                let (messages, bytes, presence) = ring.bounded_sizes();
                prop_assert!(messages <= 8 && presence <= 5);
                prop_assert!(bytes <= 100 || messages == 1);
            } else {
                let slice = ring.read_after(cursor, size, Instant::now());
                seen += slice.missed;
                for line in &slice.lines {
                    seen += 1;
                    prop_assert_eq!(text(line).trim(), seen.to_string());
                }
                cursor = slice.cursor;
                prop_assert_eq!(cursor, seen);
            }
        }
    }
}
