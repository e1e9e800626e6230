//! Why the server refuses what a client asked for, as a code for programs and a sentence for users.

use serde::Serialize;

use super::sealed_box::BoxError;
use crate::chat::{RoomError, TextError};

/// The reason in one word. A client reacts to the code and shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusalCode {
    /// Rate limit: the same request succeeds later.
    TooFast,
    /// A message or a request is over its bound.
    TooLong,
    /// The nickname breaks a rule.
    BadName,
    /// Another participant has the nickname, or one that looks like it.
    NameTaken,
    /// The room is full, or its lobby.
    Full,
    /// The ticket or the resume token is not valid, or not any more.
    BadTicket,
    /// The signing key of a newcomer to a sealed room is not valid, or in use.
    BadKey,
    /// Not a message of this protocol.
    BadJson,
    /// The operator has muted the participant.
    Muted,
    /// Slow mode: the same message passes later.
    Slow,
    /// The operator has locked the room.
    Locked,
    /// The operator did not let a newcomer in.
    NotAdmitted,
    /// The operator has removed the participant: the line is `removed`, and not `refused`.
    Removed,
    /// The session is ending.
    Closing,
}

/// A refusal, as the client gets it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The client's id of the refused message; `None` for everything else.
    pub(crate) reference: Option<String>,
    /// Decides how a client reacts.
    pub(crate) code: RefusalCode,
    /// One sentence for the user, with the next step.
    pub(crate) text: String,
    /// A free nickname, next to [`RefusalCode::NameTaken`].
    pub(crate) suggestion: Option<String>,
    /// Seconds until the same message passes, next to [`RefusalCode::Muted`] and [`RefusalCode::Slow`].
    pub(crate) seconds: Option<u64>,
}

impl Refusal {
    /// A refusal that only has a code and a text.
    pub(crate) fn new(code: RefusalCode, text: impl Into<String>) -> Self {
        Self { reference: None, code, text: text.into(), suggestion: None, seconds: None }
    }

    /// What stands in the line `refused`, for a room whose server must not read it.
    pub(crate) fn to_sealed_json(&self) -> String {
        #[derive(Serialize)]
        struct SealedRefusal<'a> {
            why: RefusalCode,
            text: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            suggest: Option<&'a str>,
        }
        let suggest = self.suggestion.as_deref();
        let refusal = SealedRefusal { why: self.code, text: &self.text, suggest };
        serde_json::to_string(&refusal).expect("strings and a word are JSON")
    }

    /// The refusal of everything once the session is ending.
    pub(crate) fn closing() -> Self {
        Self::new(RefusalCode::Closing, "the session is ending")
    }

    /// The refusal of a client whose link is not one of the room, or not any more: which of the two is not
    /// known of a link that was replaced.
    pub(crate) fn wrong_link() -> Self {
        let text = "this link does not open this room, or not any more; ask for the whole link, or a new one";
        Self::new(RefusalCode::BadTicket, text)
    }

    /// Adds the client's id of the refused message, if it gave one.
    pub(crate) fn with_reference(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }
}

impl From<RoomError> for Refusal {
    fn from(error: RoomError) -> Self {
        let code = match &error {
            RoomError::TooFast(_) | RoomError::Crowded(_) => RefusalCode::TooFast,
            RoomError::BadName(_) => RefusalCode::BadName,
            RoomError::NameTaken(_) => RefusalCode::NameTaken,
            RoomError::Full => RefusalCode::Full,
            RoomError::NoSeat | RoomError::DeadLink => RefusalCode::BadTicket,
            RoomError::Removed => RefusalCode::Removed,
            RoomError::Muted(_) => RefusalCode::Muted,
            RoomError::Slow(_) => RefusalCode::Slow,
            RoomError::Locked => RefusalCode::Locked,
            RoomError::NotAdmitted | RoomError::NotAnswered => RefusalCode::NotAdmitted,
        };
        let mut refusal = Self::new(code, error.to_string());
        refusal.seconds = error.seconds_left();
        if let RoomError::NameTaken(Some(free)) = error {
            refusal.suggestion = Some(free.as_str().to_owned());
        }
        refusal
    }
}

impl From<BoxError> for Refusal {
    fn from(error: BoxError) -> Self {
        let code = match error {
            BoxError::Malformed => RefusalCode::BadJson,
            BoxError::TooLong { .. } => RefusalCode::TooLong,
        };
        Self::new(code, error.to_string())
    }
}

impl From<TextError> for Refusal {
    fn from(error: TextError) -> Self {
        let code = match &error {
            TextError::Empty | TextError::ForbiddenCharacter(_) | TextError::TooManyMarks => {
                RefusalCode::BadJson
            }
            TextError::TooLong { .. } | TextError::TooManyLines { .. } => RefusalCode::TooLong,
        };
        Self::new(code, error.to_string())
    }
}
