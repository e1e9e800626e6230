//! What clients say.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use super::refused::{Refused, Why};
use crate::token::Secret;

/// Longest client id of a message.
pub(in crate::serve) const REFERENCE_BYTES: usize = 64;

/// What a client may say; texts are still in the line where nothing in them is escaped.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve::web) enum FromClient<'a> {
    /// First of all: come in, or come back.
    Join {
        /// As they wish to be called.
        name: Cow<'a, str>,
        /// From the link.
        ticket: Secret,
        /// From an earlier welcome.
        resume: Option<Secret>,
        /// The last number seen.
        after: Option<u64>,
    },
    /// Say something to everybody.
    Say {
        /// The client's own id, by which a repetition is known.
        reference: Option<Cow<'a, str>>,
        /// What.
        body: Cow<'a, str>,
    },
    /// "I type."
    Typing,
    /// "Are you there?"
    Beat,
    /// Give up the seat.
    Leave,
}

impl<'a> FromClient<'a> {
    /// Reads one line.
    ///
    /// # Errors
    /// [`Why::BadJson`], in words that do not repeat the line.
    pub(in crate::serve::web) fn parse(line: &'a str) -> Result<Self, Refused> {
        let event = Line::parse(line).and_then(Line::event).ok_or_else(|| {
            let text = "that is not a line of this protocol; see the README for what is";
            Refused::new(Why::BadJson, text)
        })?;
        match &event {
            Self::Say { reference: Some(reference), .. } if reference.len() > REFERENCE_BYTES => {
                Err(Refused::new(Why::BadJson, "the ref of a message has at most 64 bytes"))
            }
            Self::Say { .. } | Self::Join { .. } | Self::Typing | Self::Beat | Self::Leave => {
                Ok(event)
            }
        }
    }
}

/// The fields of a line of any kind. serde can tell the kinds apart by itself, but then it copies
/// every line into a tree first. Unknown fields are refused: nobody can name a sender here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    t: Kind,
    #[serde(borrow, default, deserialize_with = "there")]
    name: Option<Words<'a>>,
    #[serde(default, deserialize_with = "there")]
    ticket: Option<Secret>,
    #[serde(default, deserialize_with = "there")]
    resume: Option<Option<Secret>>,
    #[serde(default, deserialize_with = "there")]
    after: Option<Option<u64>>,
    #[serde(borrow, rename = "ref", default, deserialize_with = "there")]
    reference: Option<Option<Words<'a>>>,
    #[serde(borrow, default, deserialize_with = "there")]
    body: Option<Words<'a>>,
}

/// A string and nothing else; a usual enum may be an object, too.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Kind {
    Join,
    Say,
    Typing,
    Beat,
    Leave,
}

/// Text that is borrowed if possible, which serde does for a field that is nothing but a `Cow`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Words<'a>(#[serde(borrow)] Cow<'a, str>);

/// A field that is there, whatever it says: `null` is a value where one may be left out, and in a
/// line of another kind it is as foreign as any.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        // An array of the same values is a struct as well, for serde.
        if !line.trim_ascii_start().starts_with('{') {
            return None;
        }
        serde_json::from_str(line).ok()
    }

    /// What it says, if its fields are those of its kind.
    fn event(self) -> Option<FromClient<'a>> {
        let Self { t, name, ticket, resume, after, reference, body } = self;
        match (t, (name, ticket, resume, after), (reference, body)) {
            (Kind::Join, (Some(name), Some(ticket), resume, after), (None, None)) => {
                let (resume, after) = (resume.flatten(), after.flatten());
                Some(FromClient::Join { name: name.0, ticket, resume, after })
            }
            (Kind::Say, (None, None, None, None), (reference, Some(body))) => {
                let reference = reference.flatten().map(|reference| reference.0);
                Some(FromClient::Say { reference, body: body.0 })
            }
            (Kind::Typing, (None, None, None, None), (None, None)) => Some(FromClient::Typing),
            (Kind::Beat, (None, None, None, None), (None, None)) => Some(FromClient::Beat),
            (Kind::Leave, (None, None, None, None), (None, None)) => Some(FromClient::Leave),
            _ => None,
        }
    }
}
