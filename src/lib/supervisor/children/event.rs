//! The events of the children, as the event loop gets them.

use super::protocol::Violation;
use crate::control::{FromServe, FromTunnel};

/// The purpose of a child. At most one child of each role runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum ChildRole {
    /// The room's process, which faces the participants.
    Serve,
    /// Gets the public address, with a cloudflared.
    Tunnel,
    /// Removes once, at the start, what dead sessions left.
    Cleaner,
    /// Ends and removes what is left if the supervisor is killed.
    Guard,
}

impl ChildRole {
    /// Each role once, in the order in which their processes are listed.
    pub(super) const ALL: [Self; 4] = [Self::Serve, Self::Tunnel, Self::Cleaner, Self::Guard];

    /// The name of its program, which is also its file name.
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
    /// The room's process sent this, within its protocol.
    Serve(FromServe),
    /// The tunnel's process sent this, within its protocol.
    Tunnel(FromTunnel),
    /// A service broke its protocol. No message of it follows.
    Violated(ChildRole, Violation),
    /// A service has exited; the text says how. Every message that it sent comes before this.
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
    /// The cleaner did not finish; the text says why, and follows its name.
    Failed(String),
}
