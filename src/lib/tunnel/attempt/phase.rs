//! How far an attempt has come, and how long each stretch may take.

use std::time::Duration;

use crate::quick_tunnel::QuickTunnelName;

/// It greets within 0.2 s (measured); fifty times that is a dead program.
pub(super) const SILENCE: Duration = Duration::from_secs(10);
/// It gives the API up after 15 s by itself, and a dead DNS may take as long before that.
pub(super) const ADDRESS: Duration = Duration::from_secs(35);
/// Registration takes 1.5 s, and 12 s with a DNS that needs 1.5 s for each answer; a DNS that is
/// dead ends it after 16 s with a reason of its own, which is worth waiting for.
pub(super) const REGISTRATION: Duration = Duration::from_secs(20);
/// A tunnel that the edge forgot is retried for ever; after a real drop it took 1 to 6 s.
pub(super) const RECONNECT: Duration = Duration::from_secs(60);

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Started; not a word yet.
    Silent,
    /// It talks, and asks for an address.
    Asking,
    /// It has printed a name that nobody has confirmed.
    Named(QuickTunnelName),
    /// Box and metrics port agree; the edge does not know the tunnel yet.
    Confirmed(QuickTunnelName),
    /// The edge knows it; the name is given time to appear in DNS.
    Settling(QuickTunnelName, Duration),
    /// Announced.
    Up(QuickTunnelName),
    /// Announced, and lost by the edge since then.
    Reconnecting(QuickTunnelName, Duration),
}

impl Phase {
    /// How often to look: half a second while somebody waits for the link; a drop is told by a line
    /// as well, so three seconds are enough for the silent ones.
    pub(super) fn pace(&self) -> Duration {
        match self {
            Phase::Silent | Phase::Asking | Phase::Named(_) | Phase::Confirmed(_) => {
                Duration::from_millis(500)
            }
            Phase::Settling(..) | Phase::Reconnecting(..) => Duration::from_secs(1),
            Phase::Up(_) => Duration::from_secs(3),
        }
    }

    /// When this phase, which began at `since`, is over, if it ends by itself.
    pub(super) fn limit(&self, since: Duration) -> Option<Duration> {
        match self {
            Phase::Silent => Some(since + SILENCE),
            Phase::Asking => Some(since + ADDRESS),
            Phase::Named(_) | Phase::Confirmed(_) => Some(since + REGISTRATION),
            Phase::Settling(_, until) => Some(*until),
            Phase::Up(_) => None,
            Phase::Reconnecting(_, lost) => Some(*lost + RECONNECT),
        }
    }

    /// The printed name.
    pub(super) fn host(&self) -> Option<&QuickTunnelName> {
        match self {
            Phase::Silent | Phase::Asking => None,
            Phase::Named(host)
            | Phase::Confirmed(host)
            | Phase::Settling(host, _)
            | Phase::Up(host)
            | Phase::Reconnecting(host, _) => Some(host),
        }
    }
}
