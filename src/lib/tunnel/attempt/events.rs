//! What goes into an [`Attempt`](super::Attempt), and what comes out.

use std::net::SocketAddr;

use super::error::TunnelError;
use super::output::OutputLine;
use crate::control::FromTunnel;
use crate::process::ExitReason;

/// The transport between cloudflared and the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum EdgeProtocol {
    /// Over UDP. Reconnects within a second after a drop.
    Quic,
    /// Over TCP, for networks that block UDP. Reconnects slowly.
    Http2,
}

#[derive(Clone, Debug)]
pub(in crate::tunnel) enum AttemptEvent {
    /// cloudflared printed a line.
    Line(OutputLine),
    /// cloudflared exited; all its lines came before.
    Exited(ExitReason),
    /// The answer to [`AttemptAction::QueryName`]; `None` without one.
    Name(Option<String>),
    /// The answer to [`AttemptAction::QueryReadiness`].
    Readiness(Readiness),
    /// [`Attempt::next_wakeup`](super::Attempt::next_wakeup) has come.
    Tick,
}

/// The answer of `/ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum Readiness {
    /// 200: the edge knows the tunnel.
    Ready,
    /// 503: it does not.
    NotReady,
    /// No answer in time, or one that is neither.
    NoAnswer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum AttemptAction {
    /// Report this state to the supervisor or the user.
    Report(FromTunnel),
    /// Query the metrics port for the host name.
    QueryName(SocketAddr),
    /// Query the metrics port for the readiness.
    QueryReadiness(SocketAddr),
    /// Kill cloudflared, drop the pending query, and start again with [`EdgeProtocol::Http2`].
    RestartOverHttp2,
    /// Kill cloudflared if it still runs; the attempt is over.
    Fail(TunnelError),
}
