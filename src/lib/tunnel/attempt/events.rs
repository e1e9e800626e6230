//! The events that an [`Attempt`](super::Attempt) handles, and the actions that it returns.

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

/// How the kernel runs the program that is used as cloudflared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum ProgramFormat {
    /// The kernel loads the file itself (elf(5)).
    Binary,
    /// The kernel starts an interpreter, which opens the file by its path (execve(2)).
    Script,
}

/// An event that may change the phase of the attempt.
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
    /// The time of [`Attempt::next_wakeup`](super::Attempt::next_wakeup) has come.
    Tick,
}

/// The answer of `/ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum Readiness {
    /// 200: the edge knows the tunnel.
    Ready,
    /// 503: the edge does not know it.
    NotReady,
    /// Any other status, or no answer in time.
    NoAnswer,
}

/// What the caller has to do, in the order in which the actions are returned.
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
