//! How long the session still lives, as the status line shows it. Pure: time is an argument.

use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The longest time that is shown in minutes; a longer one is shown in hours.
const MAX_MINUTES: Duration = Duration::from_secs(2 * 3600);

/// A time in whole hours, minutes or, in the last minute, seconds. It is rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) struct TimeLeft {
    count: u128,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Hours,
    Minutes,
    Seconds,
}

impl Unit {
    fn of(left: Duration) -> Self {
        if left > MAX_MINUTES {
            Self::Hours
        } else if left > MINUTE {
            Self::Minutes
        } else {
            Self::Seconds
        }
    }

    fn duration(self) -> Duration {
        match self {
            Self::Hours => HOUR,
            Self::Minutes => MINUTE,
            Self::Seconds => SECOND,
        }
    }
}

impl TimeLeft {
    /// What is shown when so much is left.
    pub(in crate::supervisor) fn of(left: Duration) -> Self {
        let unit = Unit::of(left);
        Self { count: left.as_nanos().div_ceil(unit.duration().as_nanos()), unit }
    }

    /// After how long another number is shown; `None` if the end comes before.
    pub(in crate::supervisor) fn next_change(left: Duration) -> Option<Duration> {
        let step = Unit::of(left).duration();
        let past = left.as_nanos() % step.as_nanos();
        let wait = if past == 0 { step } else { Duration::from_nanos(u64::try_from(past).ok()?) };
        (wait < left).then_some(wait)
    }
}

impl Display for TimeLeft {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let unit = match self.unit {
            Unit::Hours => "h",
            Unit::Minutes => "min",
            Unit::Seconds => "s",
        };
        write!(f, "{} {unit}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn minutes_are_shown_until_the_last_one_and_hours_before() {
        for (seconds, shown) in [
            (8760 * 3600, "8760 h"),
            (7201, "3 h"),
            (7200, "120 min"),
            (600, "10 min"),
            (599, "10 min"),
            (61, "2 min"),
            (60, "60 s"),
            (1, "1 s"),
            (0, "0 s"),
        ] {
            assert_eq!(TimeLeft::of(Duration::from_secs(seconds)).to_string(), shown, "{seconds}");
        }
    }

    proptest! {
        /// The clock wakes this process when another number is due, and not once between.
        #[test]
        fn each_wait_ends_with_another_number(millis in 1u64..200_000_000) {
            let left = Duration::from_millis(millis);
            let shown = TimeLeft::of(left);
            match TimeLeft::next_change(left) {
                Some(wait) => {
                    let before = wait.checked_sub(Duration::from_nanos(1)).unwrap();
                    prop_assert_eq!(TimeLeft::of(left - before), shown);
                    prop_assert_ne!(TimeLeft::of(left - wait), shown);
                }
                None => prop_assert!(left <= SECOND),
            }
        }
    }
}
