//! Why something is not done.

use serde::Serialize;

use super::told::{FromServer, line};
use crate::chat::{Refusal, TextError};

/// Why something is refused, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::serve::web) enum Why {
    /// Wait and send it again.
    TooFast,
    /// Shorten it.
    TooLong,
    /// Choose another name.
    BadName,
    /// Somebody has it.
    NameTaken,
    /// No place in the room.
    Full,
    /// The link is wrong, or the seat is no longer kept.
    BadTicket,
    /// Not a line of this protocol.
    BadJson,
    /// The session ends.
    Closing,
}

/// A refusal, as it is sent: for programs, for people, and which message it is about.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve::web) struct Refused {
    /// The client's id of the refused message.
    pub(in crate::serve::web) reference: Option<String>,
    /// For programs.
    pub(in crate::serve::web) why: Why,
    /// For people.
    pub(in crate::serve::web) text: String,
    /// A name that would do.
    pub(in crate::serve::web) suggest: Option<String>,
}

impl Refused {
    /// A refusal of something without an id.
    pub(in crate::serve::web) fn new(why: Why, text: impl Into<String>) -> Self {
        Self { reference: None, why, text: text.into(), suggest: None }
    }

    /// The same, about the message with this id.
    pub(in crate::serve::web) fn about(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }

    /// Its line.
    pub(in crate::serve::web) fn line(&self) -> String {
        line(&FromServer::Refused {
            reference: self.reference.as_deref(),
            why: self.why,
            text: &self.text,
            suggest: self.suggest.as_deref(),
        })
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let why = match &refusal {
            Refusal::TooFast(_) | Refusal::Crowded(_) => Why::TooFast,
            Refusal::BadName(_) => Why::BadName,
            Refusal::NameTaken(_) => Why::NameTaken,
            Refusal::Full => Why::Full,
            Refusal::NoSeat => Why::BadTicket,
        };
        let mut refused = Self::new(why, refusal.to_string());
        if let Refusal::NameTaken(Some(free)) = refusal {
            refused.suggest = Some(free.as_str().to_owned());
        }
        refused
    }
}

impl From<TextError> for Refused {
    fn from(error: TextError) -> Self {
        let why = match &error {
            TextError::Empty => Why::BadJson,
            TextError::TooLong { .. } | TextError::TooManyLines { .. } => Why::TooLong,
        };
        Self::new(why, error.to_string())
    }
}
