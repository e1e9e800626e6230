//! What the host asks for, and what ends its room.

use crate::chat::WaitEnd;
use crate::control::{LinkNumber, Participant, RoomOrder, ToRelay, ToServe};

/// What the event loop has to do, in this order.
#[derive(Debug, Default)]
pub(in crate::supervisor) struct HostOutput {
    /// For serve. All of them, or none: a generation of which a line is missing does not open.
    pub(in crate::supervisor) orders: Vec<ToServe>,
    /// For the operator.
    pub(in crate::supervisor) events: Vec<HostEvent>,
}

impl HostOutput {
    /// Adds a message to the relay.
    pub(super) fn relay(&mut self, message: ToRelay) {
        self.orders.push(ToServe::Sealed(message));
    }

    /// Adds an order of the operator.
    pub(super) fn order(&mut self, order: RoomOrder) {
        self.orders.push(ToServe::Operator(order));
    }
}

/// What happened in the room, as the operator sees it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum HostEvent {
    /// `present` counts them too. The number of one who waited may be another now.
    Joined { participant: Participant, present: usize },
    /// `present` does not count them.
    Left { participant: Participant, present: usize },
    /// The operator removed this participant, who was in the room. `present` does not count them.
    Removed { participant: Participant, present: usize },
    /// This person waits in the lobby.
    Waits { participant: Participant },
    /// This person does not wait any more. Not told after an order of the operator that is about them.
    WaitEnded { participant: Participant, end: WaitEnd },
    /// A person was let in by this invite.
    LinkUsed { link: LinkNumber },
}

/// Why the host cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::supervisor) enum HostError {
    /// The relay reported what cannot be. Follows the name of its program.
    #[error("reported a participant that there was not")]
    UnknownParticipant,
    /// The same of a link.
    #[error("reported a link that there was not")]
    UnknownLink,
    /// Without randomness there is no new key.
    #[error("the kernel gave no random bytes; start chattrace again")]
    Randomness,
    /// Generations have 32 bits. At the highest pace they last more than a year.
    #[error("the room has changed too often for one session; start a new one")]
    Exhausted,
}
