//! The wire protocol, version 1: JSON objects, one per line. README.md documents it for users.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::hub::{Admission, Hub};
use crate::chat::{Event, Past, Refusal, Seat, TextError};
use crate::config::RoomSettings;
use crate::control::Participant;

/// Longest frame or body from a client. A message of 4 096 bytes fits, whatever JSON escapes in it.
pub(super) const FRAME_BYTES: usize = 16 * 1024;

/// Longest client id of a message.
const REFERENCE_BYTES: usize = 64;

/// What a client may say. Unknown fields are refused: nobody can name a sender here.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FromClient {
    /// First of all: come in, or come back.
    Join {
        /// As they wish to be called.
        name: String,
        /// From the link.
        ticket: String,
        /// From an earlier welcome.
        resume: Option<String>,
        /// The last number seen.
        after: Option<u64>,
    },
    /// Say something to everybody.
    Say {
        /// The client's own id, by which a repetition is known.
        #[serde(rename = "ref")]
        reference: Option<String>,
        /// What.
        body: String,
    },
    /// "I type."
    Typing {},
    /// "Are you there?"
    Beat {},
    /// Give up the seat.
    Leave {},
}

/// Why something is refused, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
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
pub(super) struct Refused {
    /// The client's id of the refused message.
    pub(super) reference: Option<String>,
    /// For programs.
    pub(super) why: Why,
    /// For people.
    pub(super) text: String,
    /// A name that would do.
    pub(super) suggest: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum FromServer<'a> {
    Welcome {
        epoch: &'a str,
        you: Who<'a>,
        resume: &'a str,
        seq: u64,
        present: Vec<Who<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        gone: Vec<Who<'a>>,
        mode: crate::config::Mode,
        limits: Limits,
    },
    Joined {
        seq: u64,
        who: Who<'a>,
    },
    Left {
        seq: u64,
        n: u64,
    },
    Said {
        seq: u64,
        n: u64,
        at: u64,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        body: &'a str,
    },
    Typing {
        n: u64,
    },
    Gap {
        missed: u64,
    },
    Refused {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        why: Why,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        suggest: Option<&'a str>,
    },
    Beat,
    End {
        text: &'a str,
    },
}

#[derive(Serialize)]
struct Who<'a> {
    n: u64,
    tag: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Limits {
    message_bytes: usize,
    per_second: u32,
    burst: u32,
}

impl FromClient {
    /// Reads one line.
    ///
    /// # Errors
    /// [`Why::BadJson`], in words that do not repeat the line.
    pub(super) fn parse(line: &str) -> Result<Self, Refused> {
        let event: Self = serde_json::from_str(line).map_err(|_| {
            let text = "that is not a line of this protocol; see the README for what is";
            Refused::new(Why::BadJson, text)
        })?;
        match &event {
            Self::Say { reference: Some(reference), .. } if reference.len() > REFERENCE_BYTES => {
                Err(Refused::new(Why::BadJson, "the ref of a message has at most 64 bytes"))
            }
            Self::Say { .. }
            | Self::Join { .. }
            | Self::Typing {}
            | Self::Beat {}
            | Self::Leave {} => Ok(event),
        }
    }
}

impl Refused {
    /// A refusal of something without an id.
    pub(super) fn new(why: Why, text: impl Into<String>) -> Self {
        Self { reference: None, why, text: text.into(), suggest: None }
    }

    /// The same, about the message with this id.
    pub(super) fn about(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }

    /// Its line.
    pub(super) fn line(&self) -> String {
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
            Refusal::TooFast(_) => Why::TooFast,
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

/// The line of an event of the room; see [`super::super::hub::Encode`].
pub(crate) fn encode(seq: u64, at: u64, event: &Event, seat: Option<&Seat>) -> Arc<str> {
    let event = match event {
        Event::Joined(number) => {
            let who = seat.map_or(Who { n: *number, tag: "", name: "" }, |seat| Who {
                n: *number,
                tag: seat.tag.as_str(),
                name: seat.name.as_str(),
            });
            FromServer::Joined { seq, who }
        }
        Event::Left { number, .. } => FromServer::Left { seq, n: *number },
        Event::Said { number, reference, text } => FromServer::Said {
            seq,
            n: *number,
            at,
            reference: reference.as_deref(),
            body: text.as_str(),
        },
    };
    line(&event).into()
}

/// The first line that somebody who was let in gets, and the backlog after it.
pub(super) fn welcome(admission: &Admission, hub: &Hub, room: &RoomSettings) -> String {
    let mut text = line(&FromServer::Welcome {
        epoch: hub.epoch(),
        you: who(&admission.you),
        resume: &admission.resume,
        seq: admission.connection.cursor(),
        present: admission.present.iter().map(who).collect(),
        gone: admission.gone.iter().map(who).collect(),
        mode: room.mode,
        limits: Limits {
            message_bytes: room.message_bytes,
            per_second: room.rate.per_second,
            burst: room.rate.burst,
        },
    });
    admission.backlog.iter().for_each(|earlier| text.push_str(earlier));
    text
}

/// Everything that is new to a reader: what was missed, what happened, who types.
pub(super) fn frame(past: &Past, typing: &[u64]) -> String {
    let mut text = String::with_capacity(past.events.iter().map(|event| event.len()).sum());
    if past.missed > 0 {
        text.push_str(&line(&FromServer::Gap { missed: past.missed }));
    }
    past.events.iter().for_each(|event| text.push_str(event));
    for n in typing {
        text.push_str(&line(&FromServer::Typing { n: *n }));
    }
    text
}

/// The answer to a beat.
pub(super) fn beat() -> String {
    line(&FromServer::Beat)
}

/// The last line of a session.
pub(super) fn end() -> String {
    line(&FromServer::End { text: "this session has ended, and nothing of it was kept" })
}

fn who(participant: &Participant) -> Who<'_> {
    Who { n: participant.number, tag: &participant.tag, name: &participant.name }
}

fn line(event: &FromServer<'_>) -> String {
    let mut line = serde_json::to_string(event).expect("strings and numbers always serialise");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_contract_are_understood() {
        let join = FromClient::parse(r#"{"t":"join","name":"Ana","ticket":"x"}"#).unwrap();
        let expected =
            FromClient::Join { name: "Ana".into(), ticket: "x".into(), resume: None, after: None };
        assert_eq!(join, expected);
        assert_eq!(FromClient::parse(r#"{"t":"leave"}"#), Ok(FromClient::Leave {}));
    }

    /// V-01: nobody can name a sender.
    #[test]
    fn a_name_in_a_message_is_refused() {
        for line in [
            r#"{"t":"say","body":"x","name":"Alice"}"#,
            r#"{"t":"say","body":"x","n":1}"#,
            r#"{"t":"typing","n":1}"#,
            r#"{"t":"leave","n":1}"#,
            r#"{"t":"said","n":1,"body":"x"}"#,
            r#"[]"#,
            "",
        ] {
            assert_eq!(FromClient::parse(line).unwrap_err().why, Why::BadJson, "{line}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_the_line() {
        let said = FromClient::parse("{\"t\":\"say\",\"body\":\"secret\",}").unwrap_err();
        assert!(!said.line().contains("secret"));
    }

    #[test]
    fn a_long_ref_is_refused() {
        let line = format!(r#"{{"t":"say","ref":"{}","body":"x"}}"#, "r".repeat(65));
        assert_eq!(FromClient::parse(&line).unwrap_err().why, Why::BadJson);
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in "\\PC{0,200}") {
            let _ = FromClient::parse(&line);
        }
    }
}
