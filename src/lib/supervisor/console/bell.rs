//! The terminal's bell.

use std::time::{Duration, Instant};

/// A thousand who knock at once ring once.
const MIN_INTERVAL: Duration = Duration::from_secs(2);

/// When the bell rings. Pure: time is an argument.
#[derive(Debug)]
pub(super) struct Bell {
    is_wanted: bool,
    rang_at: Option<Instant>,
}

impl Bell {
    /// A bell that rings only if `is_wanted`.
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, rang_at: None }
    }

    /// Whether it rings at `now` for a person.
    pub(super) fn rings(&mut self, now: Instant) -> bool {
        let is_quiet = self.rang_at.is_none_or(|rang_at| now >= rang_at + MIN_INTERVAL);
        if self.is_wanted && is_quiet {
            self.rang_at = Some(now);
        }
        self.is_wanted && is_quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rings_once_for_a_crowd() {
        let (start, mut bell) = (Instant::now(), Bell::new(true));
        assert!(bell.rings(start));
        assert!(!bell.rings(start + MIN_INTERVAL / 2));
        assert!(bell.rings(start + MIN_INTERVAL));
        assert!(!Bell::new(false).rings(start));
    }
}
