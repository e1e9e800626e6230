//! Rate limits, for participants of the room and for the services of a session. Pure: time is an
//! argument.

use std::fmt;
use std::time::{Duration, Instant};

/// What one message costs, so that a bucket can be filled by whole numbers: at one message per second,
/// a millisecond adds one.
const TOKENS_PER_MESSAGE: u64 = 1000;

/// How many messages one sender may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateLimit {
    /// As many as the network carries; for benchmarks.
    Unlimited,
    /// `burst` at once after a silence, `per_second` in the long run.
    Limited {
        /// Messages per second.
        per_second: u32,
        /// Messages at once.
        burst: u32,
    },
}

impl RateLimit {
    fn capacity(self) -> u64 {
        match self {
            Self::Unlimited => 0,
            Self::Limited { burst, .. } => u64::from(burst) * TOKENS_PER_MESSAGE,
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("any number of messages"),
            Self::Limited { per_second, burst } => {
                write!(f, "{burst} messages, and {per_second} more each second")
            }
        }
    }
}

/// The token bucket of one sender (as in RFC 2698, with one rate).
#[derive(Clone, Debug)]
pub(crate) struct TokenBucket {
    limit: RateLimit,
    tokens: u64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full one.
    pub(crate) fn new(limit: RateLimit, now: Instant) -> Self {
        Self { limit, tokens: limit.capacity(), filled_at: now }
    }

    /// Takes the tokens of one message. A clock that goes back adds none.
    ///
    /// # Errors
    /// The time to wait until the same call succeeds.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let RateLimit::Limited { per_second, .. } = self.limit else {
            return Ok(());
        };
        let rate = u64::from(per_second);
        let elapsed = now.saturating_duration_since(self.filled_at);
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let filled = self.tokens.saturating_add(millis.saturating_mul(rate));
        self.tokens = filled.min(self.limit.capacity());
        // Not `now`: without the rest of the millisecond, a bucket that is asked often is never filled.
        self.filled_at += Duration::from_millis(millis);
        if self.tokens >= TOKENS_PER_MESSAGE {
            self.tokens -= TOKENS_PER_MESSAGE;
            return Ok(());
        }
        let missing = TOKENS_PER_MESSAGE - self.tokens;
        Err(Duration::from_millis(missing.div_ceil(rate.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let limit = RateLimit::Limited { per_second: 2, burst: 10 };
        let mut bucket = TokenBucket::new(limit, start);
        assert_eq!((0..12).filter(|_| bucket.take(start).is_ok()).count(), 10);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        let later = start + Duration::from_millis(500);
        assert!(bucket.take(later).is_ok());
        assert!(bucket.take(later).is_err());
    }

    #[test]
    fn a_long_silence_adds_no_more_than_the_burst() {
        let limit = RateLimit::Limited { per_second: 4, burst: 10 };
        let created = Instant::now();
        let start = created + Duration::from_secs(100);
        let mut bucket = TokenBucket::new(limit, created);
        assert!((0..10).all(|_| bucket.take(start).is_ok()));
        assert!(bucket.take(start).is_err());
        assert!(bucket.take(start + Duration::from_millis(249)).is_err());
    }

    #[test]
    fn each_message_of_a_steady_sender_passes_and_not_one_more() {
        let limit = RateLimit::Limited { per_second: 4, burst: 10 };
        let start = Instant::now();
        let mut bucket = TokenBucket::new(limit, start);
        (0..10).for_each(|_| bucket.take(start).unwrap());
        for quarter in 1..1000 {
            let now = start + quarter * Duration::from_millis(250);
            assert!(bucket.take(now).is_ok());
            assert!(bucket.clone().take(now).is_err());
        }
        // The clock goes back.
        assert!(bucket.take(start).is_err());
    }

    #[test]
    fn unlimited_never_refuses() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(RateLimit::Unlimited, now);
        assert!((0..100_000).all(|_| bucket.take(now).is_ok()));
    }

    proptest::proptest! {
        /// However the calls are spread, no more messages pass than burst and rate allow.
        #[test]
        fn the_limit_holds_for_any_rhythm(
            gaps in proptest::collection::vec(0u64..3_000_000, 1..200),
            per_second in 1u32..50,
            burst in 1u32..50,
        ) {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(RateLimit::Limited { per_second, burst }, start);
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
