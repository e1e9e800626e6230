//! Who may flood: nobody. A token bucket (as in RFC 2698, one rate), counted in thousandths so
//! that whole numbers are enough.

use std::time::{Duration, Instant};

/// How fast one participant may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As fast as the network carries it; for benchmarks.
    Unlimited,
    /// `burst` at once after a silence, `per_second` in the long run.
    Limited {
        /// Messages per second.
        per_second: u32,
        /// Messages at once.
        burst: u32,
    },
}

/// What one participant may still say right now.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pace: Pace,
    /// Thousandths of a message.
    left: u64,
    filled: Instant,
}

const ONE: u64 = 1000;

impl Bucket {
    /// A full one.
    pub(crate) fn new(pace: Pace, now: Instant) -> Self {
        Self { pace, left: full(pace), filled: now }
    }

    /// Takes one message out, or says how long to wait for it.
    ///
    /// # Errors
    /// With the time after which the same call would succeed.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let Pace::Limited { per_second, .. } = self.pace else {
            return Ok(());
        };
        let rate = u64::from(per_second);
        let passed = now.saturating_duration_since(self.filled);
        // A message per second is a thousandth per millisecond.
        let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_add(millis.saturating_mul(rate)).min(full(self.pace));
        // The rest of a millisecond is kept, or many calls in a row would never refill it.
        self.filled += Duration::from_millis(millis);
        if self.left >= ONE {
            self.left -= ONE;
            return Ok(());
        }
        Err(Duration::from_millis((ONE - self.left).div_ceil(rate.max(1))))
    }
}

fn full(pace: Pace) -> u64 {
    match pace {
        Pace::Unlimited => 0,
        Pace::Limited { burst, .. } => u64::from(burst) * ONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_long_run() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Limited { per_second: 2, burst: 10 }, start);
        assert_eq!((0..12).filter(|_| bucket.take(start).is_ok()).count(), 10);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        let later = start + Duration::from_millis(500);
        assert!(bucket.take(later).is_ok());
        assert!(bucket.take(later).is_err());
    }

    #[test]
    fn unlimited_never_refuses() {
        let now = Instant::now();
        let mut bucket = Bucket::new(Pace::Unlimited, now);
        assert!((0..100_000).all(|_| bucket.take(now).is_ok()));
    }

    proptest::proptest! {
        /// However the calls are spread, no more comes through than the bucket and the time allow.
        #[test]
        fn the_limit_holds_for_any_rhythm(
            gaps in proptest::collection::vec(0u64..3_000_000, 1..200),
            per_second in 1u32..50,
            burst in 1u32..50,
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::new(Pace::Limited { per_second, burst }, start);
            let mut now = start;
            let mut passed = 0u64;
            for gap in gaps {
                now += Duration::from_micros(gap);
                passed += u64::from(bucket.take(now).is_ok());
            }
            let seconds = (now - start).as_secs_f64();
            let allowed = f64::from(burst) + seconds * f64::from(per_second);
            proptest::prop_assert!(passed as f64 <= allowed + 0.001);
        }
    }
}
