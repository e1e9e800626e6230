//! Which people who begin to wait in the lobby get a line of their own. When a thousand knock, they share a
//! few lines, and the rest of the screen stays readable.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::people::Number;
use crate::control::MAX_WAITING;
use crate::rate_limit::{RateLimit, TokenBucket};

/// A person a second is more than an operator can judge.
const LINES: RateLimit = RateLimit::Limited { per_second: 1, burst: 5 };

/// How long those without a line are counted before one line names their number.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(5);

/// What is shown about a person who begins to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum WaitingLine {
    /// A line of their own.
    Own,
    /// They are counted in the next line of [`WaitingLines::take_summary`].
    Counted,
}

/// The lines about the lobby.
#[derive(Debug)]
pub(in crate::supervisor) struct WaitingLines {
    bucket: TokenBucket,
    /// Those who wait and got a line: the end of their wait gets one, too.
    shown: BTreeSet<Number>,
    counted: u64,
    summary_at: Option<Instant>,
}

impl WaitingLines {
    /// Before the first person.
    pub(in crate::supervisor) fn new(now: Instant) -> Self {
        let bucket = TokenBucket::new(LINES, now);
        Self { bucket, shown: BTreeSet::new(), counted: 0, summary_at: None }
    }

    /// A person begins to wait.
    pub(in crate::supervisor) fn waits(&mut self, number: Number, now: Instant) -> WaitingLine {
        if self.bucket.take(now).is_err() {
            self.counted += 1;
            self.summary_at.get_or_insert(now + SUMMARY_INTERVAL);
            return WaitingLine::Counted;
        }
        self.shown.insert(number);
        if self.shown.len() > MAX_WAITING {
            self.shown.pop_first();
        }
        WaitingLine::Own
    }

    /// A person waits no longer; whether they had a line.
    pub(in crate::supervisor) fn ended(&mut self, number: Number) -> bool {
        self.shown.remove(&number)
    }

    /// When [`WaitingLines::take_summary`] has something to show.
    pub(in crate::supervisor) fn deadline(&self) -> Option<Instant> {
        self.summary_at
    }

    /// How many people began to wait without a line, once that is due.
    pub(in crate::supervisor) fn take_summary(&mut self, now: Instant) -> Option<u64> {
        self.summary_at.take_if(|due| *due <= now)?;
        Some(std::mem::take(&mut self.counted))
    }
}
