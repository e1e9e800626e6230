//! The counters of all authors, as one receiver has them: no box is accepted twice, and missing ones are
//! noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::sealed_box::Content;
use crate::box_head::BoxHead;

/// For how long those who left can return after what the ring holds has expired.
const RETURN_MARGIN: Duration = Duration::from_secs(60);

/// Counters by number.
#[derive(Debug)]
pub(super) struct Counters {
    last: BTreeMap<u32, Last>,
    /// The highest number in any roster; the host gives rising numbers to newcomers.
    highest: u32,
    /// Before this time, a higher number can be of a member who came, spoke and left while this receiver was
    /// away.
    certain_from: Duration,
}

/// The last box of one author that was accepted.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    /// Zero before the first one.
    counter: u32,
    /// Whether this receiver was sent all that followed.
    complete: bool,
    /// The generation without them, once they have left.
    left: Option<u32>,
}

/// The counter is not above the last one of its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeat;

impl Counters {
    /// None yet; `highest` is the highest number in the roster.
    pub(super) fn new(highest: u32) -> Self {
        Self { last: BTreeMap::new(), highest, certain_from: Duration::ZERO }
    }

    /// Accepts an authenticated box, and answers how many before it may be missing.
    pub(super) fn accept(&mut self, head: BoxHead, content: &Content) -> Result<u32, Repeat> {
        let last = self.last.entry(head.number).or_default();
        if head.counter <= last.counter {
            return Err(Repeat);
        }
        let missing = if last.complete { content.previous.saturating_sub(last.counter) } else { 0 };
        last.counter = head.counter;
        last.complete = true;
        Ok(missing)
    }

    /// They are in the roster now; called by rising number. A newcomer has said nothing before, so that all
    /// of theirs is sent to this receiver; one who returns may have spoken before it came.
    pub(super) fn came(&mut self, number: u32, now: Duration) {
        let complete = number > self.highest && now >= self.certain_from;
        self.highest = self.highest.max(number);
        let last = self.last.entry(number).or_insert(Last { complete, ..Last::default() });
        last.left = None;
    }

    /// They are not in the room from `generation` on.
    pub(super) fn left(&mut self, number: u32, generation: u32) {
        self.last.entry(number).or_default().left = Some(generation);
    }

    /// Events were not sent to this receiver; which boxes were among them is not known.
    pub(super) fn interrupted(&mut self) {
        for last in self.last.values_mut() {
            last.complete = false;
        }
    }

    /// This receiver was away until `now`. Those who left before can return as long as the ring holds what
    /// they said.
    pub(super) fn returned(&mut self, ring_age: Duration, now: Duration) {
        self.interrupted();
        self.certain_from = now.saturating_add(ring_age).saturating_add(RETURN_MARGIN);
    }

    /// Forgets those who left before `generation`: no key opens their boxes any more.
    pub(super) fn forget_left_before(&mut self, generation: u32) {
        self.last.retain(|_, last| last.left.is_none_or(|left| left > generation));
    }
}
