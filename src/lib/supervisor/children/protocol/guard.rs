//! The guard, which greets and sends nothing else.

use std::time::Duration;

use super::rules::{GREETING_TIMEOUT, Protocol, Violation, check_version};
use crate::control::FromGuard;
use crate::rate_limit::RateLimit;

#[derive(Debug, Default)]
pub(in crate::supervisor::children) struct GuardProtocol {
    greeted: bool,
}

impl Protocol<FromGuard> for GuardProtocol {
    /// Nothing is reached here: a second message is out of order already.
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
