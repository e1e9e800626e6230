//! A participant's place in the room: who they are, how to come back, what they may still say.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::nickname::Nickname;
use crate::identity::{MAX_NAME_BYTES, TAG_LENGTH, TAG_LETTERS};
use crate::rate_limit::TokenBucket;
use crate::token::{Secret, Token};

/// Ids of messages that are remembered per participant, so that a line that is sent again after a
/// cut appears once: more than a page keeps unacknowledged.
const REFERENCES: usize = 32;

/// "typing" is relayed at most this often per participant: the eye notices no more.
const TYPING_EVERY: Duration = Duration::from_secs(1);

/// Three letters, drawn by the server and unique in the room, that tell look-alikes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag([u8; TAG_LENGTH]);

impl Tag {
    /// How many there are.
    pub(super) const COUNT: u32 = 31 * 31 * 31;

    /// The tag number `index`, counted around.
    pub(super) fn new(index: u32) -> Self {
        let letter = |divisor: u32| TAG_LETTERS[(index / divisor % 31) as usize];
        Self([letter(31 * 31), letter(31), letter(1)])
    }

    /// The letters.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("TAG_LETTERS is ASCII")
    }
}

/// Whether somebody sits in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// A transport is open.
    Here,
    /// The last transport is gone since this moment; nobody was told.
    Away(Instant),
    /// Announced as left at this moment; the resume token is still good.
    Left(Instant),
}

/// What a participant has done since the welcome, from least to most. A seat that was only taken is
/// the first to be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Activity {
    /// Nothing: perhaps no person is behind the connection that asked for the seat.
    Nothing,
    /// Used the connection, or came back with what only the welcome tells.
    Took,
    /// Said something, which may be remembered for longer than the seat.
    Spoke,
}

/// Who somebody is to the others: never given twice, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Counts up from 1.
    pub(crate) number: u64,
    /// As chosen and checked.
    pub(crate) name: Nickname,
    /// Drawn for them.
    pub(crate) tag: Tag,
}

/// Most that an identity costs. The tables in which its readings and its tag are known are counted apart,
/// see `taken::KNOWN_BYTES`.
pub(crate) const IDENTITY_BYTES: usize = size_of::<Identity>() + MAX_NAME_BYTES;

/// Most that a seat costs whose messages have ids of at most `reference` bytes: in a tree and a list
/// that are at least half full.
pub(crate) const fn seat_bytes(reference: usize) -> usize {
    let references = 2 * REFERENCES * size_of::<String>() + REFERENCES * reference;
    2 * size_of::<Seat>() + IDENTITY_BYTES + references + 32
}

/// A participant's place in the room.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Whose it is.
    pub(crate) identity: Identity,
    pub(super) token: Token,
    pub(super) presence: Presence,
    /// The transport that speaks for them. A newer one takes the seat from an older one.
    pub(super) transport: u64,
    pub(super) bucket: TokenBucket,
    pub(super) activity: Activity,
    /// The number of the event that announced this participant. Of what was before it, only the
    /// backlog may be read.
    pub(super) joined: u64,
    /// No cursor goes behind this: at first where the backlog begins, then as far as it was read.
    pub(super) begin: u64,
    references: VecDeque<String>,
    typed: Option<Instant>,
}

impl Seat {
    /// The seat of a newcomer, who may read nothing until [`super::room::Room::begin`] says from where.
    pub(super) fn new(identity: Identity, token: Token, bucket: TokenBucket) -> Self {
        Self {
            identity,
            token,
            presence: Presence::Here,
            transport: 1,
            bucket,
            activity: Activity::Nothing,
            // Until it is known where this participant begins, there is nothing to read.
            joined: u64::MAX,
            begin: u64::MAX,
            references: VecDeque::new(),
            typed: None,
        }
    }

    /// The number of the event that announced this participant.
    pub(crate) fn joined(&self) -> u64 {
        self.joined
    }

    /// The cursor of a reader who says that everything up to `after` is known, or nothing, which is
    /// to read on from the `latest` event. Never behind what this participant may read.
    pub(crate) fn cursor(&self, after: Option<u64>, latest: u64) -> u64 {
        after.unwrap_or(latest).min(latest).max(self.begin)
    }

    /// What brings this participant back after a cut: the number, to find the seat, and the secret.
    pub(crate) fn resume(&self) -> Secret {
        Secret::new(format!("{}.{}", self.identity.number, &*self.token.reveal()))
    }

    /// Takes [`Seat::resume`] apart.
    pub(super) fn parse_resume(text: &str) -> Option<(u64, Token)> {
        let (number, token) = text.split_once('.')?;
        Some((number.parse().ok()?, Token::parse(token)?))
    }

    /// Whether the others count them in.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self.presence, Presence::Left(_))
    }

    /// Whether this message was said before under the same `reference`.
    pub(super) fn has_said(&self, reference: &str) -> bool {
        self.references.iter().any(|known| known == reference)
    }

    /// Keeps the reference of a message that is being said.
    pub(super) fn remember(&mut self, reference: &str) {
        if self.references.len() == REFERENCES {
            self.references.pop_front();
        }
        self.references.push_back(reference.to_owned());
    }

    /// Whether the others shall be told that they type.
    pub(super) fn types(&mut self, now: Instant) -> bool {
        let due = self.typed.is_none_or(|last| now.saturating_duration_since(last) >= TYPING_EVERY);
        if due {
            self.typed = Some(now);
        }
        due
    }
}
