//! The tunnel's process: greeting, cloudflared, address, end.

use std::time::Duration;

use super::rules::{GREETING_TIMEOUT, Protocol, Violation, check_version};
use crate::control::FromTunnel;
use crate::rate_limit::RateLimit;

/// Wait for cloudflared to be found, and again for an address. The tunnel may have to wait for a
/// download of another session, or for a slow server, and gives up by itself sooner than this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum TunnelStage {
    #[default]
    Greeting,
    /// Looks for cloudflared, or fetches it.
    Searching,
    /// Has cloudflared and no address.
    Found,
    /// Has this address, which does not work yet.
    Addressed(String),
    /// Has reported that this address works.
    Announced(String),
    /// Has unregistered the address. Only `closed` may follow.
    Unregistered,
    /// Nothing may follow.
    Over,
}

/// The conversation of the tunnel's process. It may report an address only after the order to open one.
#[derive(Debug, Default)]
pub(in crate::supervisor::children) struct TunnelProtocol {
    stage: TunnelStage,
}

impl Protocol<FromTunnel> for TunnelProtocol {
    /// A download reports progress five times a second; all else comes once a second at most.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { per_second: 32, burst: 1_024 };

    fn check(&mut self, message: &FromTunnel, answer_permitted: bool) -> Result<(), Violation> {
        use TunnelStage::{Addressed, Announced, Found, Greeting, Over, Searching, Unregistered};
        let next = match (message, &self.stage) {
            (FromTunnel::Hello { version }, Greeting) => {
                check_version(version)?;
                Some(Searching)
            }
            (_, Greeting) => return Err(Violation::no_greeting()),
            (FromTunnel::Fetching { .. } | FromTunnel::Fetched { .. }, Searching) => {
                Some(Searching)
            }
            (FromTunnel::Found { .. }, Searching) => Some(Found),
            // A second attempt, over HTTP/2, gets a new address.
            (FromTunnel::Starting { .. }, Found | Addressed(_)) if answer_permitted => Some(Found),
            (FromTunnel::Url { url }, Found) if answer_permitted => Some(Addressed(url.clone())),
            (FromTunnel::Delayed { .. }, stage @ Addressed(_)) => Some(stage.clone()),
            (FromTunnel::Settling { url, .. }, stage @ (Addressed(known) | Announced(known)))
                if url == known =>
            {
                Some(stage.clone())
            }
            (FromTunnel::Registered { url }, Addressed(known) | Announced(known))
                if url == known =>
            {
                Some(Announced(url.clone()))
            }
            (FromTunnel::Reconnecting, stage @ (Addressed(_) | Announced(_))) => {
                Some(stage.clone())
            }
            (
                FromTunnel::Unconfined { .. },
                stage @ (Searching | Found | Addressed(_) | Announced(_)),
            ) => Some(stage.clone()),
            (FromTunnel::Unregistered, Found | Addressed(_) | Announced(_) | Unregistered) => {
                Some(Unregistered)
            }
            (FromTunnel::Lost { .. }, Searching | Found | Addressed(_) | Announced(_)) => {
                Some(Over)
            }
            (
                FromTunnel::Closed,
                Searching | Found | Addressed(_) | Announced(_) | Unregistered,
            ) => Some(Over),
            (_, Searching | Found | Addressed(_) | Announced(_) | Unregistered | Over) => None,
        };
        self.stage = next.ok_or_else(|| Violation::out_of_order(name(message)))?;
        Ok(())
    }

    fn has_greeted(&self) -> bool {
        self.stage != TunnelStage::Greeting
    }

    fn silence_timeout(&self, answer_permitted: bool) -> Option<Duration> {
        match self.stage {
            TunnelStage::Greeting => Some(GREETING_TIMEOUT),
            TunnelStage::Searching => Some(ANSWER_TIMEOUT),
            TunnelStage::Found | TunnelStage::Addressed(_) => {
                answer_permitted.then_some(ANSWER_TIMEOUT)
            }
            TunnelStage::Announced(_) | TunnelStage::Unregistered | TunnelStage::Over => None,
        }
    }
}

/// The word for a message on the lifeline.
fn name(message: &FromTunnel) -> &'static str {
    match message {
        FromTunnel::Hello { .. } => "hello",
        FromTunnel::Fetching { .. } => "fetching",
        FromTunnel::Fetched { .. } => "fetched",
        FromTunnel::Found { .. } => "found",
        FromTunnel::Unconfined { .. } => "unconfined",
        FromTunnel::Starting { .. } => "starting",
        FromTunnel::Delayed { .. } => "delayed",
        FromTunnel::Url { .. } => "url",
        FromTunnel::Settling { .. } => "settling",
        FromTunnel::Registered { .. } => "registered",
        FromTunnel::Reconnecting => "reconnecting",
        FromTunnel::Lost { .. } => "lost",
        FromTunnel::Unregistered => "unregistered",
        FromTunnel::Closed => "closed",
    }
}
