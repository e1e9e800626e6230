//! Parses the lines of clients. Checks their form; whether a name or a text is allowed is for the room.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::refusal::{Refusal, RefusalCode};
use crate::control::{Handshake, Sealed};
use crate::token::Secret;

/// Longest `ref` in bytes: the client's own id of a message.
pub(crate) const MAX_REFERENCE_BYTES: usize = 64;

/// One line from a client. Texts are borrowed from the line unless JSON escapes something in them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage<'a> {
    /// Enter an open room, or return to it. The first line of every connection.
    Join {
        /// The nickname as typed, not yet checked.
        name: Cow<'a, str>,
        /// The last part of the link.
        ticket: Secret,
        /// The resume token of an earlier welcome.
        resume: Option<Secret>,
        /// Number of the last event that the client has seen.
        after: Option<u64>,
    },
    /// Begin the handshake with the host of a sealed room.
    Knock {
        /// Derived from the link; not yet compared.
        door: Secret,
        /// The first message of the handshake.
        noise: Handshake,
    },
    /// Ask the host of a sealed room to be let in, after a [`ClientMessage::Knock`]. A `join` as well.
    Request {
        /// For the host alone.
        sealed: Sealed,
    },
    /// Return to a sealed room. A `join` as well.
    Return {
        /// The resume token of an earlier welcome.
        resume: Secret,
        /// Number of the last event that the client has seen; `None` to return to the present.
        after: Option<u64>,
    },
    /// Send a message to the room.
    Say {
        /// The client's id of the message; the room drops a second message under the same one.
        reference: Option<Cow<'a, str>>,
        /// In an open room the text as typed, not yet sanitized; in a sealed room a box.
        body: Cow<'a, str>,
    },
    /// The user is typing.
    Typing,
    /// Heartbeat: the server answers with one of its own.
    Beat,
    /// Give up the seat for good.
    Leave,
}

impl<'a> ClientMessage<'a> {
    /// Parses one line, without the line feed at its end.
    ///
    /// # Errors
    /// [`RefusalCode::BadJson`], with the line's `ref` as far as one can be found. Its text does not
    /// repeat the line, which may hold a message.
    pub(crate) fn parse(line: &'a str) -> Result<Self, Refusal> {
        let message = Fields::parse(line).and_then(Fields::into_message).ok_or_else(|| {
            let text = "that is not a message of this protocol; docs/protocol.md describes them";
            Refusal::new(RefusalCode::BadJson, text).with_reference(find_reference(line))
        })?;
        match &message {
            Self::Say { reference: Some(reference), .. }
                if reference.len() > MAX_REFERENCE_BYTES =>
            {
                Err(Refusal::new(RefusalCode::BadJson, "the ref of a message has at most 64 bytes"))
            }
            Self::Join { .. }
            | Self::Knock { .. }
            | Self::Request { .. }
            | Self::Return { .. }
            | Self::Say { .. }
            | Self::Typing
            | Self::Beat
            | Self::Leave => Ok(message),
        }
    }
}

/// The fields of all message types in one struct. serde can dispatch on a tag by itself, but buffers
/// every line in a tree to do so. Unknown fields are an error, so a client cannot name a sender.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    t: ClientMessageType,
    #[serde(borrow, default, deserialize_with = "deserialize_some")]
    name: Option<BorrowedText<'a>>,
    #[serde(default, deserialize_with = "deserialize_some")]
    ticket: Option<Secret>,
    #[serde(default, deserialize_with = "deserialize_some")]
    resume: Option<Option<Secret>>,
    #[serde(default, deserialize_with = "deserialize_some")]
    after: Option<Option<u64>>,
    #[serde(default, deserialize_with = "deserialize_some")]
    door: Option<Secret>,
    #[serde(default, deserialize_with = "deserialize_some")]
    noise: Option<Handshake>,
    #[serde(default, deserialize_with = "deserialize_some")]
    sealed: Option<Sealed>,
    #[serde(borrow, rename = "ref", default, deserialize_with = "deserialize_some")]
    reference: Option<Option<BorrowedText<'a>>>,
    #[serde(borrow, default, deserialize_with = "deserialize_some")]
    body: Option<BorrowedText<'a>>,
}

/// The field `t`. `field_identifier` accepts a string only; a plain enum would also accept the object
/// `{"say":null}`.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum ClientMessageType {
    Join,
    Knock,
    Say,
    Typing,
    Beat,
    Leave,
}

/// Text that is borrowed where possible. serde does that for a field of the bare type `Cow` only.
#[derive(Deserialize)]
#[serde(transparent)]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

/// Deserializes a field that is present. `null` is then a value, which only optional fields accept; in
/// a message of a type without this field it is refused like any other value.
fn deserialize_some<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl<'a> Fields<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        // serde reads a struct from an array as well.
        if !line.trim_ascii_start().starts_with('{') {
            return None;
        }
        serde_json::from_str(line).ok()
    }

    /// The message, if the fields are exactly those of its type.
    fn into_message(self) -> Option<ClientMessage<'a>> {
        use ClientMessageType as Type;
        let Self { t, name, ticket, resume, after, door, noise, sealed, reference, body } = self;
        let (who, place, handshake) = ((name, ticket), (resume, after), (door, noise, sealed));
        Some(match (t, who, place, handshake, (reference, body)) {
            (
                Type::Join,
                (Some(name), Some(ticket)),
                (resume, after),
                (None, None, None),
                (None, None),
            ) => {
                let (resume, after) = (resume.flatten(), after.flatten());
                ClientMessage::Join { name: name.0, ticket, resume, after }
            }
            (
                Type::Join,
                (None, None),
                (Some(Some(resume)), after),
                (None, None, None),
                (None, None),
            ) => ClientMessage::Return { resume, after: after.flatten() },
            (Type::Join, (None, None), (None, None), (None, None, Some(sealed)), (None, None)) => {
                ClientMessage::Request { sealed }
            }
            (
                Type::Knock,
                (None, None),
                (None, None),
                (Some(door), Some(noise), None),
                (None, None),
            ) => ClientMessage::Knock { door, noise },
            (
                Type::Say,
                (None, None),
                (None, None),
                (None, None, None),
                (reference, Some(body)),
            ) => {
                let reference = reference.flatten().map(|reference| reference.0);
                ClientMessage::Say { reference, body: body.0 }
            }
            (plain, (None, None), (None, None), (None, None, None), (None, None)) => match plain {
                Type::Typing => ClientMessage::Typing,
                Type::Beat => ClientMessage::Beat,
                Type::Leave => ClientMessage::Leave,
                Type::Join | Type::Knock | Type::Say => return None,
            },
            _ => return None,
        })
    }
}

/// The `ref` in a line that is no message, so that its client learns which of its messages was refused.
/// Other fields may have any value, such as a text with half of a surrogate pair, and the line may break
/// off behind the `ref`. `None` if there is none, or one over the bound: a refusal must not be as long as
/// the line.
fn find_reference(line: &str) -> Option<String> {
    let mut found = None;
    // An error says again what `Fields::parse` said.
    let _ = serde_json::Deserializer::from_str(line).deserialize_map(ReferenceVisitor(&mut found));
    found.filter(|reference| reference.len() <= MAX_REFERENCE_BYTES)
}

/// Stores the `ref` of an object as soon as it is read, because an error may follow.
struct ReferenceVisitor<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for ReferenceVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "ref" {
                *self.0 = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
