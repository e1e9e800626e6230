//! The phases of an attempt, and how long each may last.

use std::time::Duration;

use crate::quick_tunnel::QuickTunnelName;

/// Bound for the first line: fifty times the 0.2 s within which cloudflared prints it (measured).
pub(super) const FIRST_LINE_TIMEOUT: Duration = Duration::from_secs(10);
/// cloudflared itself waits 15 s for the API, and a dead DNS may take as long before that.
pub(super) const ADDRESS_TIMEOUT: Duration = Duration::from_secs(35);
/// Registration takes 1.5 s, and 12 s with a DNS that needs 1.5 s for each answer. With a dead DNS
/// cloudflared exits after 16 s and prints the reason, which is worth the wait.
pub(super) const REGISTRATION_TIMEOUT: Duration = Duration::from_secs(20);
/// A reconnect takes 1 to 6 s. cloudflared itself would retry for ever if the edge forgot the tunnel.
pub(super) const RECONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// The phase of an attempt. Durations count from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AttemptPhase {
    /// Spawned; has printed nothing.
    Started,
    /// Has printed something; requests an address from the API.
    Requesting,
    /// Has printed a name; the metrics port has not confirmed it.
    Printed(QuickTunnelName),
    /// The metrics port confirms the name; the edge does not know the tunnel yet.
    Confirmed(QuickTunnelName),
    /// The edge knows the tunnel; the name is given until `until` to appear in DNS.
    Settling { name: QuickTunnelName, until: Duration },
    /// Announced, and the edge knows the tunnel.
    Registered(QuickTunnelName),
    /// Announced; the edge lost the tunnel at `since`.
    Reconnecting { name: QuickTunnelName, since: Duration },
}

impl AttemptPhase {
    /// Time between two queries of the metrics port. Short while the user waits for the link. Later
    /// it may be long, because cloudflared prints a line at most drops; the queries find the others.
    pub(super) fn probe_interval(&self) -> Duration {
        match self {
            Self::Started | Self::Requesting | Self::Printed(_) | Self::Confirmed(_) => {
                Duration::from_millis(500)
            }
            Self::Settling { .. } | Self::Reconnecting { .. } => Duration::from_secs(1),
            Self::Registered(_) => Duration::from_secs(3),
        }
    }

    /// When the phase ends without another event, given the start of the wait; `None` is never.
    pub(super) fn deadline(&self, since: Duration) -> Option<Duration> {
        match self {
            Self::Started => Some(since + FIRST_LINE_TIMEOUT),
            Self::Requesting => Some(since + ADDRESS_TIMEOUT),
            Self::Printed(_) | Self::Confirmed(_) => Some(since + REGISTRATION_TIMEOUT),
            Self::Settling { until, .. } => Some(*until),
            Self::Registered(_) => None,
            Self::Reconnecting { since, .. } => Some(*since + RECONNECT_TIMEOUT),
        }
    }

    /// The name that cloudflared has printed; `None` before.
    pub(super) fn name(&self) -> Option<&QuickTunnelName> {
        match self {
            Self::Started | Self::Requesting => None,
            Self::Printed(name)
            | Self::Confirmed(name)
            | Self::Settling { name, .. }
            | Self::Registered(name)
            | Self::Reconnecting { name, .. } => Some(name),
        }
    }
}
