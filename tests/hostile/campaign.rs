//! The campaign against one surface: its batches, its counts, and its findings.

use std::time::{Duration, Instant};

use crate::bystanders::Latencies;
use crate::harness::rng::Rng;
use crate::resources::Resources;
use crate::surface::Surface;

/// Findings of one campaign that are printed; more are only counted.
const MAX_FINDINGS: usize = 20;

/// A campaign with many findings stops when they take longer than this on average: each may have
/// waited for a timeout.
const MAX_TIME_PER_FINDING: Duration = Duration::from_secs(2);

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A program printed the line of its panic hook.
    Panic,
    /// A program exited that should go on, or with a code that is not documented.
    Exit,
    /// A program broke a promise: about its output, its answers, its memory or its descriptors.
    Violation,
}

/// One failure of a program.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) failure: Failure,
    pub(crate) batch: u64,
    pub(crate) what: String,
}

/// The state of one campaign.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) surface: Surface,
    pub(crate) seed: u64,
    next_batch: u64,
    end_batch: u64,
    started: Instant,
    pub(crate) took: Duration,
    /// Inputs that the program has processed.
    pub(crate) inputs: u64,
    /// The first findings.
    pub(crate) findings: Vec<Finding>,
    /// All findings, by [`Failure`].
    counts: [usize; 3],
    /// Peak memory and its bound, in KiB.
    pub(crate) memory: Option<(u64, u64)>,
    /// Resources of the program before and after.
    pub(crate) resources: Option<(Resources, Resources)>,
    pub(crate) latencies: Latencies,
}

impl Campaign {
    /// All batches of `surface` if there are `inputs` in all, or `only` one batch.
    pub(crate) fn new(surface: Surface, seed: u64, inputs: u64, only: Option<u64>) -> Self {
        let (next_batch, end_batch) = match only {
            Some(batch) => (batch, batch + 1),
            None => (0, surface.batches(inputs)),
        };
        Self {
            surface,
            seed,
            next_batch,
            end_batch,
            started: Instant::now(),
            took: Duration::ZERO,
            inputs: 0,
            findings: Vec::new(),
            counts: [0; 3],
            memory: None,
            resources: None,
            latencies: Latencies::default(),
        }
    }

    /// The number of the next batch and its generator; `None` when the campaign is over.
    pub(crate) fn next_batch(&mut self) -> Option<(u64, Rng)> {
        self.took = self.started.elapsed();
        let findings = self.total_findings();
        let is_slow = findings >= MAX_FINDINGS
            && self.took / u32::try_from(findings).unwrap_or(u32::MAX) > MAX_TIME_PER_FINDING;
        if self.next_batch == self.end_batch || is_slow {
            return None;
        }
        let batch = self.next_batch;
        self.next_batch += 1;
        Some((batch, self.surface.rng(self.seed, batch)))
    }

    pub(crate) fn report(&mut self, failure: Failure, batch: u64, what: impl Into<String>) {
        self.counts[failure as usize] += 1;
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { failure, batch, what: what.into() });
        }
    }

    /// Reports the panics that a program has printed, and forgets them.
    pub(crate) fn report_panics(&mut self, batch: u64, panics: &mut Vec<String>) {
        for line in panics.drain(..) {
            self.report(Failure::Panic, batch, line);
        }
    }

    /// Records the peak memory of a program, in KiB; the first one above `max` is a finding.
    pub(crate) fn record_memory(&mut self, batch: u64, peak: u64, max: u64) {
        let known = self.memory.map_or(0, |(known, _)| known);
        if peak > max && known <= max {
            let what = format!("{peak} KiB of memory, of {max} allowed");
            self.report(Failure::Violation, batch, what);
        }
        self.memory = Some((known.max(peak), max));
    }

    pub(crate) fn total_findings(&self) -> usize {
        self.counts.iter().sum()
    }

    pub(crate) fn count(&self, failure: Failure) -> usize {
        self.counts[failure as usize]
    }
}
