//! A generation: the letters and the roster of one circle of people, while it is prepared and once it has
//! begun.

use std::sync::Arc;

use crate::chat::LetteredLine;
use crate::control::{Letter, Sealed};
use crate::wire;

/// What has arrived of the next generation. The host sends letters for at most a thousand participants, and
/// the parts of a roster of as many.
#[derive(Debug, Default)]
pub(super) struct NextGeneration {
    number: u32,
    letters: Vec<(u32, Letter)>,
    came: Vec<Sealed>,
    roster: Vec<Sealed>,
}

/// The generation whose key seals what is said now.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) number: u32,
    /// Number of its event in the ring.
    pub(super) seq: u64,
    /// The event, with the letters.
    pub(super) keys: Arc<LetteredLine>,
    /// All parts of the roster, as the elements of an array in JSON.
    pub(super) roster: Arc<str>,
}

impl NextGeneration {
    /// What has arrived of this generation. Drops what has arrived of another one.
    fn of(&mut self, number: u32) -> &mut Self {
        if self.number != number {
            *self = Self { number, ..Self::default() };
        }
        self
    }

    /// Adds letters.
    pub(super) fn add_letters(&mut self, generation: u32, letters: Vec<(u32, Letter)>) {
        self.of(generation).letters.extend(letters);
    }

    /// Adds a part of the roster of those who came.
    pub(super) fn add_came(&mut self, generation: u32, part: Sealed) {
        self.of(generation).came.push(part);
    }

    /// Adds a part of the roster of all.
    pub(super) fn add_roster(&mut self, generation: u32, part: Sealed) {
        self.of(generation).roster.push(part);
    }

    /// The generation as it begins with event `seq`, without those who `went`.
    pub(super) fn begin(&mut self, generation: u32, seq: u64, went: &[u32]) -> Generation {
        let Self { letters, came, roster, .. } = std::mem::take(self.of(generation));
        let roster: Vec<String> = roster.iter().map(wire::roster_part_json).collect();
        Generation {
            number: generation,
            seq,
            keys: Arc::new(wire::keys_line(seq, generation, letters, &came, went)),
            roster: roster.join(",").into(),
        }
    }
}
