//! One surface's turn: its batches, what was counted, and what was found.

use std::time::{Duration, Instant};

use crate::calm::Delays;
use crate::dice::Dice;
use crate::surface::Surface;
use crate::watch::Held;

/// Findings of one surface that are kept; more of them are only counted.
const KEPT: usize = 20;

/// Time that a finding may cost, on average, before a surface with many is given up: each may be a
/// deadline that has passed.
const COST: Duration = Duration::from_secs(2);

/// What kind of failure was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A program said that it panicked.
    Panic,
    /// A program ended that should not have, or in a way that no program ends.
    Exit,
    /// A promise was broken.
    Broken,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) batch: u64,
    pub(crate) what: String,
}

/// The course of one surface.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) surface: Surface,
    pub(crate) seed: u64,
    /// The next batch, and the one behind the last.
    next: u64,
    end: u64,
    began: Instant,
    pub(crate) took: Duration,
    /// Inputs that the program took.
    pub(crate) inputs: u64,
    /// The first findings, and how many there were of each kind.
    pub(crate) findings: Vec<Finding>,
    counts: [usize; 3],
    /// Kilobytes of memory: the highest seen, and the bound.
    pub(crate) memory: Option<(u64, u64)>,
    /// What the program held before and after.
    pub(crate) held: Option<(Held, Held)>,
    pub(crate) delays: Delays,
}

impl Turn {
    /// All batches of `surface` out of so many inputs, or one alone.
    pub(crate) fn new(surface: Surface, seed: u64, inputs: u64, only: Option<u64>) -> Self {
        let (next, end) = match only {
            Some(batch) => (batch, batch + 1),
            None => (0, surface.batches(inputs)),
        };
        Self {
            surface,
            seed,
            next,
            end,
            began: Instant::now(),
            took: Duration::ZERO,
            inputs: 0,
            findings: Vec::new(),
            counts: [0; 3],
            memory: None,
            held: None,
            delays: Delays::default(),
        }
    }

    /// The number of the next batch, and its dice; `None` when it is over.
    pub(crate) fn next(&mut self) -> Option<(u64, Dice)> {
        self.took = self.began.elapsed();
        let found = self.found_in_all();
        let costly = found >= KEPT && self.took / u32::try_from(found).unwrap_or(u32::MAX) > COST;
        if self.next == self.end || costly {
            return None;
        }
        let batch = self.next;
        self.next += 1;
        Some((batch, self.surface.dice(self.seed, batch)))
    }

    pub(crate) fn found(&mut self, kind: Kind, batch: u64, what: impl Into<String>) {
        self.counts[kind as usize] += 1;
        if self.findings.len() < KEPT {
            self.findings.push(Finding { kind, batch, what: what.into() });
        }
    }

    /// Adds the panics that a program has confessed.
    pub(crate) fn panicked(&mut self, batch: u64, panics: &mut Vec<String>) {
        for line in panics.drain(..) {
            self.found(Kind::Panic, batch, line);
        }
    }

    /// Takes note of the memory of a program that may take so much, in kilobytes.
    pub(crate) fn measured(&mut self, batch: u64, peak: u64, bound: u64) {
        let known = self.memory.map_or(0, |(known, _)| known);
        if peak > bound && known <= bound {
            self.found(
                Kind::Broken,
                batch,
                format!("{peak} kB of memory, where {bound} are allowed"),
            );
        }
        self.memory = Some((known.max(peak), bound));
    }

    pub(crate) fn found_in_all(&self) -> usize {
        self.counts.iter().sum()
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.counts[kind as usize]
    }
}
