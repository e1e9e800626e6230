//! Of a sealed room: between the supervisor, which has the keys and is its *host*, and serve, which relays
//! what it cannot open. A participant is a number here; names cross this channel sealed only.

use serde::{Deserialize, Serialize};

use crate::base64url::Opaque;
use crate::control::validate;

/// Longest handshake message in bytes: the second one.
pub(crate) const MAX_HANDSHAKE_BYTES: usize = 96;
/// A letter in bytes: room key, hash of the circle, time, and the tag of AES-GCM.
pub(crate) const LETTER_BYTES: usize = 32 + 32 + 4 + 16;
/// Longest sealed content in bytes: head, padding of 8192 and tag.
pub(crate) const MAX_SEALED_BYTES: usize = 12 + 8192 + 16;
/// Most letters in one line of the channel: each takes up to 150 bytes, and a line has 16 KiB.
pub(crate) const MAX_LETTERS_PER_LINE: usize = 100;
/// Most newcomers in one line: each takes up to 60 bytes.
pub(crate) const MAX_ADMITTED_PER_LINE: usize = 250;

/// The number of a link: 0 is the room's own, others are invites and count up from 1. No number is used
/// twice in a session.
pub(crate) type LinkNumber = u32;

/// A message of the Noise handshake.
pub(crate) type Handshake = Opaque<MAX_HANDSHAKE_BYTES>;
/// What one participant learns of a generation: made for them alone.
pub(crate) type Letter = Opaque<LETTER_BYTES>;
/// A request, a refusal, a part of the roster, or a box.
pub(crate) type Sealed = Opaque<MAX_SEALED_BYTES>;

/// Host to relay. A generation is prepared in any number of lines, and takes effect with
/// [`ToRelay::Keys`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub(crate) enum ToRelay {
    /// The second message of the handshake, to a [`FromRelay::Knock`].
    Answer { knock: u64, noise: Handshake },
    /// The first message of the handshake did not open: the ticket is wrong.
    WrongTicket { knock: u64 },
    /// The person of this knock waits in the lobby: tell them so, and keep the request until
    /// [`ToRelay::Admit`] or [`ToRelay::Refuse`], for [`WAITING_SECONDS`](super::WAITING_SECONDS) at most.
    Wait { knock: u64 },
    /// The request was refused, for a reason that only its sender can read.
    Refuse { knock: u64, sealed: Sealed },
    /// Of the next generation, letters by participant; at most [`MAX_LETTERS_PER_LINE`].
    Letters { generation: u32, letters: Vec<(u32, Letter)> },
    /// Of the next generation, a part of the roster of those who came.
    Came { generation: u32, part: Sealed },
    /// Of the next generation, a part of the roster of all, for those who come or return to the present.
    Roster { generation: u32, part: Sealed },
    /// The next generation begins now, without these participants: publish it as one event.
    Keys { generation: u32, went: Vec<u32> },
    /// The requests of these knocks are granted, in the generation that has just begun; at most
    /// [`MAX_ADMITTED_PER_LINE`].
    Admit { newcomers: Vec<(u64, u32)> },
    /// These participants had left, and are in the generation that has just begun.
    Readmit { numbers: Vec<u32> },
    /// This participant had left, and cannot return any more.
    RefuseReturn { number: u32 },
    /// The room has a new public address: publish this box of the host, which has the link in it.
    Moved { body: Sealed },
}

/// Relay to host. Every field is validated: serve may have been taken over.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromRelay {
    /// The first message of a handshake, from a client that has the door. Knocks are numbered from 1, and no
    /// number is used twice.
    Knock {
        #[serde(deserialize_with = "validate::number")]
        knock: u64,
        /// The link whose door they had.
        link: LinkNumber,
        noise: Handshake,
    },
    /// The request of a knock that was answered.
    Request {
        #[serde(deserialize_with = "validate::number")]
        knock: u64,
        sealed: Sealed,
    },
    /// The knock is over: its client has gone, or took too long. Not sent after it was admitted.
    KnockEnded {
        #[serde(deserialize_with = "validate::number")]
        knock: u64,
    },
    /// The participant has left, or did not return in time.
    Gone { number: u32 },
    /// The participant, who is [`FromRelay::Gone`], has no seat any more, and cannot return.
    GivenUp { number: u32 },
    /// The participant was [`FromRelay::Gone`], has the resume token, and wants to return.
    Returns { number: u32 },
}
