//! A length of time, as the operator writes it: `30s`, `10m`, `2h`.

use std::fmt;
use std::time::Duration;

/// The longest: a year, after which no session has lasted.
const MAX_SECONDS: u32 = 366 * 24 * 3600;

/// A whole number of seconds, from 1 to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(u32);

impl Span {
    /// A span of so many seconds; `None` if that is 0, or longer than a year.
    pub(crate) fn from_seconds(seconds: u32) -> Option<Self> {
        (1..=MAX_SECONDS).contains(&seconds).then_some(Self(seconds))
    }

    /// The number of seconds.
    pub(crate) fn seconds(self) -> u32 {
        self.0
    }

    /// The same for a clock.
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

/// As it is typed, in the largest unit of which it is a whole number.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds % 3600 == 0 => write!(f, "{}h", seconds / 3600),
            seconds if seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}
