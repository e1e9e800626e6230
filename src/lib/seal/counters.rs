//! The counters of all authors, as one receiver has them: no box is accepted twice, and missing ones are
//! noticed.

use std::collections::BTreeMap;

use super::sealed_box::Content;
use crate::box_head::BoxHead;

/// Counters by number.
#[derive(Debug, Default)]
pub(super) struct Counters(BTreeMap<u32, Last>);

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
    /// Accepts an authenticated box, and answers how many before it may be missing.
    pub(super) fn accept(&mut self, head: BoxHead, content: &Content) -> Result<u32, Repeat> {
        let last = self.0.entry(head.number).or_default();
        if head.counter <= last.counter {
            return Err(Repeat);
        }
        let missing = if last.complete { content.previous.saturating_sub(last.counter) } else { 0 };
        last.counter = head.counter;
        last.complete = true;
        Ok(missing)
    }

    /// They came while this receiver was in the room, which therefore is sent all that they say.
    pub(super) fn came(&mut self, number: u32) {
        let last = self.0.entry(number).or_insert(Last { complete: true, ..Last::default() });
        last.left = None;
    }

    /// They are not in the room from `generation` on.
    pub(super) fn left(&mut self, number: u32, generation: u32) {
        self.0.entry(number).or_default().left = Some(generation);
    }

    /// Events were not sent to this receiver; which boxes were among them is not known.
    pub(super) fn interrupted(&mut self) {
        for last in self.0.values_mut() {
            last.complete = false;
        }
    }

    /// Forgets those who left before `generation`: no key opens their boxes any more.
    pub(super) fn forget_left_before(&mut self, generation: u32) {
        self.0.retain(|_, last| last.left.is_none_or(|left| left > generation));
    }
}
