//! Writes the lines of the server in a sealed room. Everything that people say or are called is opaque
//! here.

use std::sync::Arc;

use serde::Serialize;

use super::orders::RulesView;
use super::sealed_box::SealedBox;
use super::server::to_json;
use super::welcome::{Limits, RoomTerms, around_array, is_false};
use crate::chat::LetteredLine;
use crate::config::Mode;
use crate::control::{Handshake, Letter, Sealed};

/// One line from the server, except the welcome and the line `keys`, which are written in pieces.
#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum SealedMessage<'a> {
    Answer {
        noise: &'a Handshake,
        /// Of a client that polls: the token of its knock.
        #[serde(skip_serializing_if = "Option::is_none")]
        knock: Option<&'a str>,
        /// Whether the door is that of an invite, whose link is not for others.
        #[serde(skip_serializing_if = "is_false")]
        invite: bool,
    },
    Refused {
        sealed: &'a Sealed,
    },
    Said {
        seq: u64,
        n: u32,
        at: u64,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        body: String,
    },
    Moved {
        seq: u64,
        body: &'a Sealed,
    },
}

/// The line `answer`, the second message of a handshake; with the token that finds this knock again, if
/// the client sends its request by another poll. `invite` says that the client knocked by one.
pub(crate) fn answer_line(noise: &Handshake, knock: Option<&str>, invite: bool) -> String {
    to_line(&SealedMessage::Answer { noise, knock, invite })
}

/// The line `refused` with a reason that only its receiver can read.
pub(crate) fn sealed_refusal_line(sealed: &Sealed) -> String {
    to_line(&SealedMessage::Refused { sealed })
}

/// The line `said`: `seq` is its number in the ring, `at` the time in milliseconds since 1970.
pub(crate) fn box_line(seq: u64, at: u64, reference: Option<&str>, body: &SealedBox) -> Arc<str> {
    let n = body.head.number;
    to_line(&SealedMessage::Said { seq, n, at, reference, body: body.to_text() }).into()
}

/// The line `moved` with a box of the host.
pub(crate) fn sealed_moved_line(seq: u64, body: &Sealed) -> Arc<str> {
    to_line(&SealedMessage::Moved { seq, body }).into()
}

/// The line `keys`, which begins a generation, with the letter of each of its participants.
pub(crate) fn keys_line(
    seq: u64,
    generation: u32,
    letters: Vec<(u32, Letter)>,
    came: &[Sealed],
    went: &[u32],
) -> LetteredLine {
    #[derive(Serialize)]
    struct Head {
        t: &'static str,
        seq: u64,
        generation: u32,
    }
    #[derive(Serialize)]
    struct Tail<'a> {
        came: &'a [Sealed],
        went: &'a [u32],
    }
    let head = to_json(&Head { t: "keys", seq, generation });
    let head = head.strip_suffix('}').expect("an object ends with a brace");
    let tail = to_json(&Tail { came, went });
    let tail = tail.strip_prefix('{').expect("an object begins with a brace");
    let letters = letters.into_iter().map(|(number, letter)| (number, letter.to_text()));
    LetteredLine::new(format!("{head},\"letter\":\""), letters, format!("\",{tail}\n"))
}

/// A part of the roster as an element of the array `roster` in a welcome.
pub(crate) fn roster_part_json(part: &Sealed) -> String {
    to_json(part)
}

/// The content of a welcome to a sealed room, before it is serialised.
#[derive(Debug)]
pub(crate) struct SealedWelcome<'a> {
    /// Random per session: a client that sees another one clears its page.
    pub(crate) epoch: &'a str,
    /// The token that brings this participant back after a disconnect.
    pub(crate) resume: &'a str,
    /// Number of the last event that this welcome includes.
    pub(crate) seq: u64,
    pub(crate) generation: u32,
    /// The letter of this participant, in its text form.
    pub(crate) letter: &'a str,
    /// The parts of the roster, by [`roster_part_json`], separated by commas. Shared with other welcomes:
    /// those of a full room take 140 KB.
    pub(crate) roster: Arc<str>,
    /// The settings that clients need.
    pub(crate) terms: &'a RoomTerms,
    /// The rules that hold at this moment.
    pub(crate) rules: RulesView,
}

impl SealedWelcome<'_> {
    /// The line in pieces, with the line feed that ends it. The roster is not copied.
    pub(crate) fn into_pieces(self) -> Vec<Arc<str>> {
        #[derive(Serialize)]
        struct Head<'a> {
            t: &'static str,
            epoch: &'a str,
            mode: Mode,
            resume: &'a str,
            seq: u64,
            generation: u32,
            letter: &'a str,
        }
        #[derive(Serialize)]
        struct Tail {
            limits: Limits,
            rules: RulesView,
        }
        let Self { epoch, resume, seq, generation, letter, roster, terms, rules } = self;
        let mode = Mode::Sealed;
        let head = Head { t: "welcome", epoch, mode, resume, seq, generation, letter };
        let (head, tail) = around_array("roster", &head, &Tail { limits: terms.limits, rules });
        vec![head.into(), roster, (tail + "\n").into()]
    }
}

/// The line `welcome` of a participant who reads on in the ring after event `seq`: nothing has changed that
/// the events after it do not say.
pub(crate) fn sealed_resumed_line(
    epoch: &str,
    resume: &str,
    seq: u64,
    terms: &RoomTerms,
    rules: RulesView,
) -> Arc<str> {
    #[derive(Serialize)]
    struct Resumed<'a> {
        t: &'static str,
        epoch: &'a str,
        mode: Mode,
        resume: &'a str,
        seq: u64,
        limits: Limits,
        rules: RulesView,
    }
    let (t, mode, limits) = ("welcome", Mode::Sealed, terms.limits);
    (to_json(&Resumed { t, epoch, mode, resume, seq, limits, rules }) + "\n").into()
}

/// The message with the line feed that ends it.
fn to_line(message: &SealedMessage<'_>) -> String {
    let mut line = to_json(message);
    line.push('\n');
    line
}
