//! Who is muted, and until when. By the number of the participant, so that it holds on every transport and
//! after every return.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::room_error::RoomError;

/// Memory of an entry at most, in bytes, in a tree whose nodes are at least half full.
pub(crate) const MUTE_BYTES: usize = 2 * size_of::<(u32, Option<Instant>)>();

/// The participants whose messages are refused. Few of the participants are: this is no part of a seat.
#[derive(Debug, Default)]
pub(super) struct Mutes {
    /// Until when; `None` is until [`Mutes::end`].
    by_number: BTreeMap<u32, Option<Instant>>,
}

impl Mutes {
    /// How many participants are muted.
    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Mutes a participant for this long; `None` is until [`Mutes::end`]. Replaces what was before.
    pub(super) fn begin(&mut self, number: u32, span: Option<Duration>, now: Instant) {
        // A time beyond the clock's range never comes.
        self.by_number.insert(number, span.and_then(|span| now.checked_add(span)));
    }

    /// Ends it. Returns whether the participant was muted.
    pub(super) fn end(&mut self, number: u32) -> bool {
        self.by_number.remove(&number).is_some()
    }

    /// Whether this participant may say something.
    ///
    /// # Errors
    /// [`RoomError::Muted`], with the time that is left.
    pub(super) fn check(&self, number: u32, now: Instant) -> Result<(), RoomError> {
        match self.by_number.get(&number) {
            None => Ok(()),
            Some(None) => Err(RoomError::Muted(None)),
            Some(Some(end)) if now < *end => {
                Err(RoomError::Muted(Some(end.saturating_duration_since(now))))
            }
            Some(Some(_)) => Ok(()),
        }
    }

    /// Ends those whose time is over, and returns their numbers.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<u32> {
        let is_over = |until: &Option<Instant>| until.is_some_and(|end| now >= end);
        let over = self.by_number.iter().filter(|(_, until)| is_over(until));
        let over: Vec<u32> = over.map(|(number, _)| *number).collect();
        self.by_number.retain(|_, until| !is_over(until));
        over
    }
}
