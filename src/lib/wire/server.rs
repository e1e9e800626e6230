//! Writes the lines of the server, to one client or through the ring to all.

use std::sync::Arc;

use serde::Serialize;

use super::refusal::{Refusal, RefusalCode};
use crate::chat::{Identity, RoomError, RoomEvent};

/// One line from the server, except the welcome, which is written in pieces (`welcome.rs`).
#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum ServerMessage<'a> {
    Joined {
        seq: u64,
        at: u64,
        who: ParticipantView<'a>,
    },
    Left {
        seq: u64,
        at: u64,
        n: u32,
    },
    Said {
        seq: u64,
        n: u32,
        at: u64,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        body: &'a str,
    },
    Moved {
        seq: u64,
        url: &'a str,
    },
    Typing {
        n: u32,
    },
    Gap {
        missed: u64,
    },
    Refused {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        why: RefusalCode,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        suggest: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    Removed {
        text: &'a str,
    },
    Beat,
    End {
        text: &'a str,
    },
}

/// A participant in the form that clients read.
#[derive(Serialize)]
pub(super) struct ParticipantView<'a> {
    n: u32,
    tag: &'a str,
    name: &'a str,
}

impl<'a> ParticipantView<'a> {
    /// Borrows the three parts of an identity that clients see.
    pub(super) fn of(identity: &'a Identity) -> Self {
        Self { n: identity.number, tag: identity.tag.as_str(), name: identity.name.as_str() }
    }
}

/// The line of a room event, which all clients share: `seq` is its number in the ring, `at` the time in
/// milliseconds since 1970.
pub(crate) fn event_line(seq: u64, at: u64, event: &RoomEvent) -> Arc<str> {
    let message = match event {
        RoomEvent::Joined(who) => ServerMessage::Joined { seq, at, who: ParticipantView::of(who) },
        RoomEvent::Left(who) => ServerMessage::Left { seq, at, n: who.number },
        RoomEvent::Moved { url } => ServerMessage::Moved { seq, url },
        RoomEvent::Message { number, reference, text } => ServerMessage::Said {
            seq,
            n: *number,
            at,
            reference: reference.as_deref(),
            body: text.as_str(),
        },
    };
    to_line(&message).into()
}

impl Refusal {
    /// The line `refused`, or `removed`, with the line feed that ends it.
    pub(crate) fn to_line(&self) -> String {
        if self.code == RefusalCode::Removed {
            return removed_line();
        }
        to_line(&ServerMessage::Refused {
            reference: self.reference.as_deref(),
            why: self.code,
            text: &self.text,
            suggest: self.suggestion.as_deref(),
            seconds: self.seconds,
        })
    }
}

/// The line for a reader who missed so many events.
pub(crate) fn gap_line(missed: u64) -> String {
    to_line(&ServerMessage::Gap { missed })
}

/// The line that says that this participant is typing.
pub(crate) fn typing_line(number: u32) -> String {
    to_line(&ServerMessage::Typing { n: number })
}

/// The answer to [`super::ClientMessage::Beat`].
pub(crate) fn beat_line() -> String {
    to_line(&ServerMessage::Beat)
}

/// The last line to each client, when the session ends.
pub(crate) fn end_line() -> String {
    to_line(&ServerMessage::End { text: "What was said here is not kept." })
}

/// The last line to a participant whom the operator has removed, and the answer to their resume token.
pub(crate) fn removed_line() -> String {
    to_line(&ServerMessage::Removed { text: &RoomError::Removed.to_string() })
}

/// A participant as an element of the array `present` in a welcome.
pub(crate) fn participant_json(identity: &Identity) -> String {
    to_json(&ParticipantView::of(identity))
}

/// The message with the line feed that ends it.
fn to_line(message: &ServerMessage<'_>) -> String {
    let mut line = to_json(message);
    line.push('\n');
    line
}

/// Serialises a value in one line, without a line feed.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers always serialise")
}
