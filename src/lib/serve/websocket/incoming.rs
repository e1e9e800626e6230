//! What a client says, in the terms of the frames.

/// Something whole from a client.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) enum Heard {
    /// A text message.
    Text(String),
    /// A binary message; what was in it is dropped.
    Binary,
    /// A ping; a pong with the same bytes answers it.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The client closes, with this code. Nothing follows.
    Close(Option<u16>),
    /// What follows cannot be told from the rest of it. Nothing follows.
    Broken(Broken),
}

/// Why a client is not understood any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Broken {
    /// A message beyond the bound.
    TooBig,
    /// A text message that is not UTF-8.
    NotUtf8,
    /// Not a frame that a client may send there.
    NoFrame,
}
