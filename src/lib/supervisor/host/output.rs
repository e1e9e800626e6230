//! What the host asks for, and what ends its room.

use crate::control::{Participant, ToRelay};

/// What the event loop has to do, in this order.
#[derive(Debug, Default)]
pub(in crate::supervisor) struct HostOutput {
    /// For the relay. All of them, or none: a generation of which a line is missing opens for nobody.
    pub(in crate::supervisor) orders: Vec<ToRelay>,
    /// For the operator.
    pub(in crate::supervisor) presence: Vec<Presence>,
}

/// A change of the circle, as the operator sees it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Presence {
    /// `present` counts them too.
    Joined { participant: Participant, present: usize },
    /// `present` does not count them.
    Left { participant: Participant, present: usize },
}

/// Why the host cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::supervisor) enum HostError {
    /// The relay reported what cannot be. Follows the name of its program.
    #[error("reported a participant that there was not")]
    UnknownParticipant,
    /// Without randomness there is no new key.
    #[error("the kernel gave no random bytes; start chattrace again")]
    Randomness,
    /// Generations have 32 bits. At the highest pace they last more than a year.
    #[error("the room has changed too often for one session; start a new one")]
    Exhausted,
}
