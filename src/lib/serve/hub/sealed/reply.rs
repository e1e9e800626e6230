//! What is sent to the task of a client that waits for the host.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::generation::Generation;
use crate::control::{Handshake, Sealed};
use crate::wire::{Refusal, RefusalCode};

/// A reply of the host to a knock, or of the room in its place.
#[derive(Debug)]
pub(super) enum Reply {
    /// The second message of the handshake, and where the next reply arrives.
    Answered { noise: Handshake, next: oneshot::Receiver<Reply> },
    /// The host has put its decision off: the client waits in the lobby. The decision arrives at `next`.
    PutOff { next: oneshot::Receiver<Reply> },
    /// The handshake is over.
    Decided(Decision),
}

/// How a handshake ends.
#[derive(Debug)]
pub(super) enum Decision {
    /// The client has a seat.
    Admitted(Seated),
    /// The host refuses the request, for a reason that only the client can read.
    RefusedSealed(Sealed),
    /// The handshake has failed.
    Refused(Refusal),
}

/// The decision on a client that polls, kept for its next poll.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// This participant has a seat.
    Seated(u32),
    /// The host refused the request, for a reason that only the client can read.
    RefusedSealed(Sealed),
    /// The host did not decide in time.
    NotInTime,
    /// The session ends.
    Closing,
}

/// The decision on a return.
#[derive(Debug)]
pub(super) enum ReturnDecision {
    /// The participant has the seat again.
    Readmitted(Seated),
    /// The participant cannot return, or not now.
    Refused(Refusal),
    /// A newer connection asks for the same participant.
    Replaced,
}

/// A seat that waits for the connection of its participant. If none comes, it is to be detached.
#[derive(Debug)]
pub(super) struct Seated {
    pub(super) number: u32,
    pub(super) transport: u64,
    /// The generation that the participant is welcomed to.
    pub(super) generation: Arc<Generation>,
}

/// The refusal of a client with another link.
pub(super) fn wrong_link() -> Refusal {
    Refusal::wrong_link()
}

/// The refusal of a participant who cannot return.
pub(super) fn expired() -> Refusal {
    Refusal::new(RefusalCode::BadTicket, "your session has expired; join again")
}
