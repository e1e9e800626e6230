//! The room's process as relay of a sealed room: the order of its knocks. What it says about people is
//! checked by their host, who knows them.

use super::rules::Violation;
use crate::control::FromRelay;

/// The knocks that were reported.
#[derive(Debug, Default)]
pub(super) struct RelayProtocol {
    /// The number of the last one; 0 before the first.
    last_knock: u64,
}

impl RelayProtocol {
    /// Takes the next message.
    ///
    /// # Errors
    /// When a knock has a number that is not above all before it, or another message is about a knock that
    /// was never reported. One about a knock that is over passes: either side may have ended it while the
    /// other was writing, and the host ignores it.
    pub(super) fn check(&mut self, message: &FromRelay) -> Result<(), Violation> {
        match message {
            FromRelay::Knock { knock, .. } if *knock <= self.last_knock => {
                Err(Violation::Hostile("gave one number to two knocks".to_owned()))
            }
            FromRelay::Knock { knock, .. } => {
                self.last_knock = *knock;
                Ok(())
            }
            FromRelay::Request { knock, .. } | FromRelay::KnockEnded { knock }
                if *knock > self.last_knock =>
            {
                Err(Violation::Hostile("reported a knock that there was not".to_owned()))
            }
            FromRelay::Request { .. }
            | FromRelay::KnockEnded { .. }
            | FromRelay::Gone { .. }
            | FromRelay::GivenUp { .. }
            | FromRelay::Returns { .. } => Ok(()),
        }
    }
}
