//! How often the circle may change. Each change is told to each person in a letter of their own, so its
//! cost grows with the people who are told. A small room changes at once; a thousand who come together
//! are in within two seconds; and joins and leaves in a loop cost a bounded bandwidth.

use std::time::{Duration, Instant};

/// The least time between two changes, for each person who is told: a thousand letters take the host
/// less than this (measured: 2 ms for all of them).
const GAP_PER_PERSON: Duration = Duration::from_millis(1);

/// In the long run a change takes effect at most once per second for each hundred people.
const COST_PER_PERSON: Duration = Duration::from_millis(10);

/// What may be spent at once after a quiet time. While a room fills, the gap doubles the people between
/// two changes, so that telling them takes about twice as many letters as people: for a thousand, this.
const MAX_CREDIT: Duration = Duration::from_secs(20);

/// A room key is used for no longer than this while someone is in the room.
pub(super) const REKEY_INTERVAL: Duration = Duration::from_secs(600);

/// A token bucket (as in RFC 2698, with one rate) whose tokens are time: a second adds a second, a change
/// takes [`COST_PER_PERSON`] for each person who is told.
#[derive(Debug)]
pub(super) struct Pace {
    credit: Duration,
    credited_at: Instant,
    last_change: Option<Instant>,
}

impl Pace {
    /// A full bucket, before the first change.
    pub(super) fn new(now: Instant) -> Self {
        Self { credit: MAX_CREDIT, credited_at: now, last_change: None }
    }

    /// When a change may take effect at the earliest that is told to so many people. May be in the past.
    pub(super) fn next_change(&self, people: usize) -> Instant {
        let missing = cost(people).saturating_sub(self.credit);
        let by_credit = self.credited_at + missing;
        self.last_change
            .map_or(by_credit, |last| by_credit.max(last + times(GAP_PER_PERSON, people)))
    }

    /// Takes the cost of a change that is told to so many people. One before its time, as when the operator
    /// removes or admits a person, takes what there is.
    pub(super) fn change(&mut self, people: usize, now: Instant) {
        let refill = now.saturating_duration_since(self.credited_at);
        self.credit = (self.credit + refill).min(MAX_CREDIT).saturating_sub(cost(people));
        self.credited_at = self.credited_at.max(now);
        self.last_change = Some(now);
    }

    /// When the circle changed last.
    pub(super) fn last_change(&self) -> Option<Instant> {
        self.last_change
    }
}

/// At most a full bucket, so that every change comes some time.
fn cost(people: usize) -> Duration {
    times(COST_PER_PERSON, people).min(MAX_CREDIT)
}

fn times(each: Duration, people: usize) -> Duration {
    each.saturating_mul(u32::try_from(people).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_small_room_changes_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.next_change(1) <= start);
        for step in 1..=100 {
            let now = start + Duration::from_secs(step);
            assert!(pace.next_change(10) <= now);
            pace.change(10, now);
            assert!(pace.next_change(10) <= now + Duration::from_millis(10));
        }
    }

    /// Each arrives a millisecond after the one before.
    #[test]
    fn a_thousand_who_come_together_are_in_within_two_seconds() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut pace = Pace::new(start);
        let (mut told, mut present, mut last) = (0, 0, 0);
        for millis in 1..=2_000 {
            let arrived = usize::try_from(millis).unwrap().min(1_000);
            if arrived > present && pace.next_change(arrived) <= at(millis) {
                pace.change(arrived, at(millis));
                (told, present, last) = (told + arrived, arrived, millis);
            }
        }
        assert_eq!(present, 1_000, "at {last} ms");
        assert!(told < 3_000, "{told} letters");
    }

    proptest! {
        /// However the changes are asked for, the people told stay within bucket and rate, and two changes
        /// have the gap between them.
        #[test]
        fn the_pace_holds_for_any_rhythm(
            steps in proptest::collection::vec((0u64..500, 0usize..1200), 1..200),
        ) {
            let start = Instant::now();
            let (mut pace, mut now, mut told) = (Pace::new(start), start, 0);
            for (millis, people) in steps {
                now += Duration::from_millis(millis);
                if pace.next_change(people) > now {
                    continue;
                }
                if let Some(last) = pace.last_change() {
                    prop_assert!(now >= last + times(GAP_PER_PERSON, people));
                }
                pace.change(people, now);
                told += people.min(2_000);
                let allowed = 2_000.0 + (now - start).as_secs_f64() * 100.0;
                prop_assert!(told as f64 <= allowed + 0.001, "{told} of {allowed}");
            }
        }

        /// A change that waits comes, and not before others have had as long.
        #[test]
        fn every_change_comes_within_a_full_bucket(people in 0usize..3000, before in 0usize..3000) {
            let start = Instant::now();
            let mut pace = Pace::new(start);
            pace.change(before, start);
            prop_assert!(pace.next_change(people) <= start + MAX_CREDIT);
        }
    }
}
