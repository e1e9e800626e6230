//! What becomes of a person in the lobby of an open room.

use crate::wire::Refusal;

/// What is sent to the task of a client in the lobby.
#[derive(Debug)]
pub(in crate::serve::hub) enum LobbyDecision {
    /// The person has a seat, on this transport.
    Admitted { transport: u64 },
    /// The person is not let in.
    Refused(Refusal),
}
