//! The guard sends its greeting and nothing else.

use std::time::Duration;

use super::rules::{GREETING_TIMEOUT, Protocol, Violation, check_version};
use crate::control::FromGuard;
use crate::rate_limit::RateLimit;

/// The conversation of a guard: one greeting.
#[derive(Debug, Default)]
pub(in crate::supervisor::children) struct GuardProtocol {
    greeted: bool,
}

impl Protocol<FromGuard> for GuardProtocol {
    /// Never reached: a second message is out of order already.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { per_second: 1, burst: 8 };

    fn check(&mut self, message: &FromGuard, _: bool) -> Result<(), Violation> {
        let FromGuard::Hello { version } = message;
        if std::mem::replace(&mut self.greeted, true) {
            return Err(Violation::out_of_order("hello"));
        }
        check_version(version)
    }

    fn has_greeted(&self) -> bool {
        self.greeted
    }

    fn silence_timeout(&self, _: bool) -> Option<Duration> {
        (!self.greeted).then_some(GREETING_TIMEOUT)
    }
}
