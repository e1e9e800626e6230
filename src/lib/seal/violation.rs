//! What ends a client.

/// Something that the host did not do. The client says so, and ends: the relay, or who is between, lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Message 2 of the handshake does not open.
    #[error("the answer to this handshake was altered")]
    Answer,
    /// The static key is not the one that the ticket is the fingerprint of.
    #[error("the answer is not from the host of this link")]
    Host,
    /// A refusal does not open.
    #[error("the refusal is not from the host of this link")]
    Refusal,
    /// A letter does not open, under its generation, in this session.
    #[error("the keys of the room are not from its host")]
    Letter,
    /// A part of the roster does not open, or does not hold entries.
    #[error("a part of the roster was altered")]
    Part,
    /// The roster is not the one that the letter names, or has no host.
    #[error("the roster is not the one of the host")]
    Roster,
    /// The client's own key is not in the roster, or under another number than before.
    #[error("the roster does not name this participant")]
    NotListed,
    /// A number that one person had was given to another.
    #[error("the roster gives one number to two people")]
    NumberReused,
    /// A welcome to an earlier generation than is known.
    #[error("the room went back to earlier keys")]
    WentBack,
}
