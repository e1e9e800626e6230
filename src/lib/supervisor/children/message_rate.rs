//! How much a service may say. Pure: time is an argument.

use std::time::Duration;

use super::protocol::Violation;

/// Counts messages against a pace: so many at once, and so many more for each second that passes.
#[derive(Clone, Debug)]
pub(super) struct MessageRate {
    burst: u64,
    per_second: u64,
    /// In thousandths of a message, so that a millisecond gives `per_second` of them.
    left: u64,
    last: Duration,
}

impl MessageRate {
    /// One that has not been used yet.
    pub(super) fn new((burst, per_second): (u64, u64)) -> Self {
        Self { burst, per_second, left: burst * 1_000, last: Duration::ZERO }
    }

    /// Takes one message at the time `now`, counted from any fixed moment.
    ///
    /// # Errors
    /// When that is one too many.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), Violation> {
        let passed = now.saturating_sub(self.last).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        if passed > 0 {
            self.last = now;
            let more = passed.saturating_mul(self.per_second);
            self.left = self.left.saturating_add(more).min(self.burst * 1_000);
        }
        let talks_too_much = || {
            let Self { burst, per_second, .. } = self;
            Violation::Hostile(format!(
                "talks too much (more than {burst} messages, and {per_second} more each second)"
            ))
        };
        self.left = self.left.checked_sub(1_000).ok_or_else(talks_too_much)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_as_many_as_seconds_allow() {
        let mut message_rate = MessageRate::new((10, 4));
        let start = Duration::from_secs(100);
        // What passed before the first message gives no more than the burst.
        assert!((0..10).all(|_| message_rate.take(start).is_ok()));
        assert!(message_rate.take(start).is_err());
        assert!(message_rate.take(start + Duration::from_millis(249)).is_err());
        let mut message_rate = MessageRate::new((10, 4));
        (0..10).for_each(|_| message_rate.take(start).unwrap());
        for quarter in 1..1000 {
            let now = start + quarter * Duration::from_millis(250);
            assert!(message_rate.take(now).is_ok());
            assert!(message_rate.clone().take(now).is_err());
        }
        // A clock that stands or goes back gives nothing.
        assert!(message_rate.take(start).is_err());
    }
}
