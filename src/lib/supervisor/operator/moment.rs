//! A point in time, on both clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) struct Moment {
    /// For deadlines: this clock never goes back.
    pub(in crate::supervisor) instant: Instant,
    /// For people, in milliseconds since 1970.
    pub(in crate::supervisor) unix_ms: u64,
}

impl Moment {
    /// The moment at which both clocks were read.
    pub(in crate::supervisor) fn new(instant: Instant, time: SystemTime) -> Self {
        let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let unix_ms = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        Self { instant, unix_ms }
    }

    /// The milliseconds since 1970 after `wait`, if the clock is not set meanwhile.
    pub(in crate::supervisor) fn unix_ms_after(self, wait: Duration) -> u64 {
        self.unix_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }
}
