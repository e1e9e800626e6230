//! What the event loop learns of the children.

use super::protocol::Violation;
use crate::control::{FromServe, FromTunnel};

/// A child of the supervisor, by what it is there for. At most one of each runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum ChildRole {
    Serve,
    Tunnel,
    Cleaner,
    /// Ends and removes what is left if the supervisor is killed.
    Guard,
}

impl ChildRole {
    pub(super) const ALL: [Self; 4] = [Self::Serve, Self::Tunnel, Self::Cleaner, Self::Guard];

    /// The name of its program.
    pub(in crate::supervisor) fn program(self) -> &'static str {
        match self {
            Self::Serve => "chattrace-serve",
            Self::Tunnel => "chattrace-tunnel",
            Self::Cleaner | Self::Guard => "chattrace-clean",
        }
    }
}

/// A message of a child, or its end.
#[derive(Debug)]
pub(in crate::supervisor) enum ChildEvent {
    Serve(FromServe),
    Tunnel(FromTunnel),
    /// A service broke its protocol. No message of it follows.
    Violated(ChildRole, Violation),
    /// A service has exited: how. Every message that it sent comes before this.
    Exited(ChildRole, String),
    /// The cleaner has exited.
    Cleaned(Cleanup),
}

/// What became of the things that dead sessions left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Cleanup {
    /// So many were removed, and none remains.
    Complete(usize),
    /// So many were removed, and others could not be.
    Partial(usize),
    /// The cleaner did not finish: why, to follow its name.
    Failed(String),
}
