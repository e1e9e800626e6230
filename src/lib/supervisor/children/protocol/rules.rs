//! What the protocols of all services have in common.

use std::time::Duration;

use crate::control::VERSION;
use crate::rate_limit::RateLimit;

/// For the first message. A service needs milliseconds; a machine that needs this long cannot run
/// it.
pub(super) const GREETING_TIMEOUT: Duration = Duration::from_secs(15);

/// A message that a service of this build never sends, or a silence that it never keeps. The text
/// follows the name of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Violation {
    /// The service belongs to another build.
    VersionMismatch(String),
    /// The service belongs to this build, or says so, and may have been taken over.
    Hostile(String),
}

impl Violation {
    pub(in crate::supervisor::children) fn silent(timeout: Duration) -> Self {
        let seconds = timeout.as_secs();
        Self::Hostile(format!("did not answer for {seconds} s"))
    }

    pub(super) fn out_of_order(message: &str) -> Self {
        Self::Hostile(format!("sent \"{message}\" out of order"))
    }

    pub(super) fn no_greeting() -> Self {
        Self::VersionMismatch("did not send its version".to_owned())
    }
}

/// The conversation of one service, from its first message to its last.
pub(in crate::supervisor::children) trait Protocol<Message>:
    Default + Send + 'static
{
    /// A service that sends more is killed.
    const RATE_LIMIT: RateLimit;

    /// Takes the next message. Some answers, as the goodbye of a room or the address of a tunnel,
    /// are permitted only after the order for them.
    ///
    /// # Errors
    /// When this message may not come now.
    fn check(&mut self, message: &Message, answer_permitted: bool) -> Result<(), Violation>;

    /// Whether the service has shown that it belongs to this build.
    fn has_greeted(&self) -> bool;

    /// How long the service may be silent in this state; `None` is without a bound.
    fn silence_timeout(&self, answer_permitted: bool) -> Option<Duration>;
}

pub(super) fn check_version(version: &str) -> Result<(), Violation> {
    if version == VERSION {
        Ok(())
    } else {
        Err(Violation::VersionMismatch(format!("is version {version}")))
    }
}
