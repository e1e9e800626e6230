//! What goes into the rules of an attempt, and what comes out.

use std::net::SocketAddr;

use super::super::failure::Failure;
use super::super::output::Meaning;
use crate::control::FromTunnel;
use crate::process::ExitReason;

/// How cloudflared talks to the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum Protocol {
    /// UDP: comes back within a second after a drop.
    Quic,
    /// TCP: where UDP is blocked; comes back slowly.
    Http2,
}

/// What happened.
#[derive(Clone, Debug)]
pub(in crate::tunnel) enum Event {
    /// It printed a line.
    Line(Meaning),
    /// It is gone; every line was told before.
    Ended(ExitReason),
    /// `/quicktunnel` answered this name, or did not answer.
    Name(Option<String>),
    /// `/ready` answered.
    Ready(Readiness),
    /// A moment that [`super::Attempt::wake`] named has come.
    Tick,
}

/// What `/ready` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum Readiness {
    /// 200: the edge knows the tunnel.
    Yes,
    /// 503.
    No,
    /// No answer, or none that is understood.
    Unanswered,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum Action {
    /// Tell whoever asked for the tunnel.
    Report(FromTunnel),
    /// Ask the metrics port for the name.
    AskName(SocketAddr),
    /// Ask the metrics port whether the edge knows the tunnel.
    AskReady(SocketAddr),
    /// Kill cloudflared and start it again over HTTP/2; questions on their way are void.
    FallBack,
    /// Kill what is left of cloudflared: it is over.
    GiveUp(Failure),
}
