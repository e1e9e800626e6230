//! What the protocols of all services have in common.

use std::time::Duration;

use crate::control::VERSION;
use crate::rate_limit::RateLimit;

/// Wait for the first message, which takes a service milliseconds.
pub(super) const GREETING_TIMEOUT: Duration = Duration::from_secs(15);

/// How a service broke its protocol, by a message or by silence. The text follows its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Violation {
    /// The service belongs to another build.
    VersionMismatch(String),
    /// The service belongs to this build, or says so, and may have been taken over.
    Hostile(String),
}

impl Violation {
    /// A service that sent nothing for this long when a message was due.
    pub(in crate::supervisor::children) fn silent(timeout: Duration) -> Self {
        let seconds = timeout.as_secs();
        Self::Hostile(format!("did not answer for {seconds} s"))
    }

    /// A message, by its word on the lifeline, that its stage of the conversation does not permit.
    pub(super) fn out_of_order(message: &str) -> Self {
        Self::Hostile(format!("sent \"{message}\" out of order"))
    }

    /// A first message that is not the greeting.
    pub(super) fn no_greeting() -> Self {
        Self::VersionMismatch("did not send its version".to_owned())
    }
}

/// The conversation of one service, from its first message to its last.
pub(in crate::supervisor::children) trait Protocol<Message>:
    Send + 'static
{
    /// A service that sends more is killed.
    const RATE_LIMIT: RateLimit;

    /// Takes the next message. `answer_permitted` is whether the order was sent that some messages
    /// answer, such as the goodbye of a room or the address of a tunnel.
    ///
    /// # Errors
    /// When this message is not permitted now.
    fn check(&mut self, message: &Message, answer_permitted: bool) -> Result<(), Violation>;

    /// Whether the service has shown that it belongs to this build.
    fn has_greeted(&self) -> bool;

    /// How long the service may be silent in this state; `None` is for ever.
    fn silence_timeout(&self, answer_permitted: bool) -> Option<Duration>;
}

/// Fails unless the version in a greeting is ours: the messages of two builds need not agree.
pub(super) fn check_version(version: &str) -> Result<(), Violation> {
    if version == VERSION {
        Ok(())
    } else {
        Err(Violation::VersionMismatch(format!("is version {version}")))
    }
}
