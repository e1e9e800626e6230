//! What a ring forgets at the word of the operator.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const AGE: Duration = Duration::from_secs(600);
const SECOND: Duration = Duration::from_secs(1);

fn ring() -> Ring {
    Ring::new(RingBounds {
        messages: 50,
        bytes: 1000,
        presence: 50,
        presence_bytes: 1000,
        age: AGE,
    })
}

fn push(ring: &mut Ring, text: &str, kind: EntryKind, now: Instant) {
    ring.push(EventLine::Shared(text.into()), kind, now);
}

fn texts(slice: EventSlice) -> String {
    slice
        .lines
        .into_iter()
        .flat_map(|line| line.into_pieces_for(0))
        .map(|it| it.to_string())
        .collect()
}

/// What is said, in both forms, and what is not.
fn filled(now: Instant) -> Ring {
    let mut ring = ring();
    push(&mut ring, "a", EntryKind::Message(1), now);
    push(&mut ring, "J", EntryKind::Presence(2), now);
    push(&mut ring, "b", EntryKind::Announcement, now);
    push(&mut ring, "N", EntryKind::Notice, now);
    push(&mut ring, "K", EntryKind::Keys, now);
    ring
}

#[test]
fn clear_forgets_what_was_said_and_nothing_else() {
    let now = Instant::now();
    let mut ring = filled(now);
    assert_eq!(texts(ring.read_after(0, 100, now)), "aJbNK");
    ring.clear();
    let slice = ring.read_after(0, 100, now);
    // No reader missed what they are not to see.
    assert_eq!((slice.missed, slice.cursor), (0, 5));
    assert_eq!(texts(slice), "JNK");
    assert_eq!(ring.bounded_sizes().1, 1, "the bytes of the notice");
    assert_eq!(texts(ring.messages_between(0, 5, 100, now)), "");
    assert_eq!(ring.cursor_before_last(10), 5, "there is no backlog");
    assert!(ring.mentioned_participants(0, None).eq([2]));
    push(&mut ring, "c", EntryKind::Message(1), now);
    assert_eq!(texts(ring.read_after(0, 100, now)), "JNKc");
    ring.clear();
    ring.clear();
    assert_eq!(texts(ring.read_after(0, 100, now)), "JNK");
    assert!(!ring.has_messages_after(4));
}

/// The ring gives the last reference away: the allocator overwrites the text.
#[test]
fn what_is_forgotten_is_not_kept_elsewhere() {
    let now = Instant::now();
    let (cleared, faded) = (std::sync::Arc::<str>::from("x"), std::sync::Arc::<str>::from("y"));
    let mut ring = ring();
    ring.push(EventLine::Shared(cleared.clone()), EntryKind::Message(1), now);
    ring.clear();
    assert_eq!(std::sync::Arc::strong_count(&cleared), 1);
    ring.push(EventLine::Shared(faded.clone()), EntryKind::Announcement, now);
    ring.set_fade(Some(SECOND), now + SECOND);
    assert_eq!(std::sync::Arc::strong_count(&faded), 1);
}

#[test]
fn a_fade_holds_for_what_is_there_and_brings_nothing_back() {
    let now = Instant::now();
    let mut ring = filled(now);
    ring.set_fade(Some(10 * SECOND), now);
    let end = now + 10 * SECOND;
    // Before the next second, too.
    assert_eq!(texts(ring.read_after(0, 100, end - Duration::from_millis(1))), "aJbNK");
    assert_eq!(texts(ring.read_after(0, 100, end)), "JNK");
    assert_eq!(texts(ring.messages_between(0, 5, 100, end)), "");
    assert_eq!(ring.read_after(0, 100, end).missed, 0);
    ring.expire(end);
    ring.set_fade(None, end);
    assert_eq!(texts(ring.read_after(0, 100, end)), "JNK");
    // A fade that is set later holds at once; one beyond the age of the ring changes nothing.
    push(&mut ring, "c", EntryKind::Message(1), end);
    ring.set_fade(Some(Duration::MAX), end);
    assert_eq!(texts(ring.read_after(0, 100, end)), "JNKc");
    ring.set_fade(Some(SECOND), end + SECOND);
    assert_eq!(texts(ring.read_after(0, 100, end + SECOND)), "JNK");
    ring.expire(now + AGE);
    assert_eq!(ring.read_after(0, 100, now + AGE).lines.len(), 0);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push(u8),
    Fade(Option<u64>),
    Clear,
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u8..4).prop_map(Step::Push),
        2 => proptest::option::of(1_u64..30).prop_map(Step::Fade),
        1 => Just(Step::Clear),
        2 => Just(Step::Expire),
    ]
}

fn is_faded(at: Instant, now: Instant, fade: Option<Duration>) -> bool {
    fade.is_some_and(|fade| now - at >= fade)
}

proptest! {
    /// At every moment, a reader gets what was said within the fade and since the last clear, and never
    /// again what was once gone. Each event is read, or forgotten at the operator's word, or counted as
    /// missed.
    #[test]
    fn nothing_that_is_said_is_returned_after_the_fade_or_a_clear(
        steps in proptest::collection::vec((step(), 0_u64..8_000), 1..120),
    ) {
        let mut ring = ring();
        let (mut now, mut fade) = (Instant::now(), None::<Duration>);
        // What was said, when; and whether the operator has had it forgotten.
        let mut said: Vec<(u64, Instant, bool)> = Vec::new();
        for (step, milliseconds) in steps {
            now += Duration::from_millis(milliseconds);
            said.iter_mut().for_each(|it| it.2 |= is_faded(it.1, now, fade));
            match step {
                Step::Push(kind) => {
                    let seq = ring.next_seq();
                    let kind = match kind {
                        0 => EntryKind::Notice,
                        1 => EntryKind::Announcement,
                        _ => EntryKind::Message(1),
                    };
                    if kind != EntryKind::Notice {
                        said.push((seq, now, false));
                    }
                    push(&mut ring, &format!("{seq},"), kind, now);
                }
                Step::Fade(span) => {
                    fade = span.map(Duration::from_secs);
                    let before = texts(ring.read_after(0, usize::MAX, now));
                    ring.set_fade(fade, now);
                    let after = texts(ring.read_after(0, usize::MAX, now));
                    // Also none that `expire` had not forgotten when the fade ended.
                    let is_known = |it: &str| before.split(',').any(|known| known == it);
                    prop_assert!(after.split(',').all(is_known), "{} after {}", after, before);
                }
                Step::Clear => {
                    ring.clear();
                    said.iter_mut().for_each(|it| it.2 = true);
                }
                Step::Expire => ring.expire(now),
            }
            said.iter_mut().for_each(|it| it.2 |= is_faded(it.1, now, fade));
            let slice = ring.read_after(0, usize::MAX, now);
            prop_assert_eq!(slice.cursor, ring.latest_seq());
            let text = texts(slice);
            for (seq, at, is_gone) in &said {
                let is_returned = text.split(',').any(|known| known == seq.to_string());
                // At the bounds, others are forgotten as well.
                prop_assert!(!is_returned || !is_gone, "{} of {:?}", seq, now - *at);
                let has_place = said.len() < 20 && now - *at < AGE;
                prop_assert!(is_returned || *is_gone || !has_place, "{seq} is lost");
            }
        }
    }
}
