//! A participant's place in the room: how to return, and what may still be posted. Knows a number, and
//! no name.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::rate_limit::TokenBucket;
use crate::token::{Secret, Token};

/// Message ids remembered per participant, so that a message that is sent again after a disconnect
/// appears once. More than a page keeps unacknowledged.
const MAX_REFERENCES: usize = 32;

/// "typing" is relayed at most this often per participant. The eye notices no more.
const TYPING_INTERVAL: Duration = Duration::from_secs(1);

/// Whether the others see the participant in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// A transport is open.
    Connected,
    /// The last transport was lost at this moment; the others have not been told.
    Disconnected(Instant),
    /// The others were told at this moment that the participant left. The resume token is still valid.
    Left(Instant),
}

/// The most that a participant has done since the welcome. In this order seats are given up: a
/// connection that only joined may have no person behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Activity {
    /// Nothing but the join.
    JoinedOnly,
    /// Sent anything after the welcome, or returned with the resume token.
    Active,
    /// Posted a message, which may be remembered for longer than the seat.
    Posted,
}

/// Memory of a seat at most, in bytes, with message ids of at most `max_reference` bytes: in a tree and
/// a buffer that are at least half full.
pub(crate) const fn max_seat_bytes(max_reference: usize) -> usize {
    let references = 2 * MAX_REFERENCES * size_of::<String>() + MAX_REFERENCES * max_reference;
    2 * size_of::<(u32, Seat)>() + references + 32
}

/// A participant's place in the room, from the join until the return is no longer possible.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Of the participant.
    pub(super) number: u32,
    /// Proves a return; the client has it from the welcome.
    pub(super) token: Token,
    pub(super) presence: Presence,
    /// Number of the transport that may act for the participant. A newer one takes the seat from an
    /// older one.
    pub(super) transport: u64,
    /// Of the messages; a return does not refill it.
    pub(super) bucket: TokenBucket,
    /// Never decreases: what the seat is worth when others need its place.
    pub(super) activity: Activity,
    /// Number of the event that announced the participant. Of everything before it, only the backlog
    /// may be read.
    pub(super) joined_seq: u64,
    /// No cursor of this participant is below this: at first the start of the backlog, then what was
    /// read of it.
    pub(super) history_start: u64,
    /// Whether the participant came by an invite, which is not for others.
    pub(super) by_invite: bool,
    recent_references: VecDeque<String>,
    last_typing: Option<Instant>,
}

impl Seat {
    /// The seat of a newcomer, who may read nothing until [`super::Seats::grant_history`].
    pub(super) fn new(number: u32, token: Token, bucket: TokenBucket) -> Self {
        Self {
            number,
            token,
            presence: Presence::Connected,
            transport: 1,
            bucket,
            activity: Activity::JoinedOnly,
            joined_seq: u64::MAX,
            history_start: u64::MAX,
            by_invite: false,
            recent_references: VecDeque::new(),
            last_typing: None,
        }
    }

    /// The number of the event that announced the participant.
    pub(crate) fn joined_seq(&self) -> u64 {
        self.joined_seq
    }

    /// Whether the participant came by an invite.
    pub(crate) fn came_by_invite(&self) -> bool {
        self.by_invite
    }

    /// The participant's number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether a transport is open.
    pub(crate) fn is_connected(&self) -> bool {
        self.presence == Presence::Connected
    }

    /// Where a client reads on that has seen everything up to `after`; without it, from the `latest`
    /// event on. Never before what this participant may read.
    pub(crate) fn resume_cursor(&self, after: Option<u64>, latest: u64) -> u64 {
        after.unwrap_or(latest).min(latest).max(self.history_start)
    }

    /// What brings the participant back: the number, which finds the seat, and the secret.
    pub(crate) fn resume_token(&self) -> Secret {
        Self::format_resume_token(self.number, &self.token)
    }

    /// The text of [`Seat::resume_token`] for a seat with this number and secret.
    pub(super) fn format_resume_token(number: u32, token: &Token) -> Secret {
        Secret::new(format!("{number}.{}", &*token.expose_secret()))
    }

    /// The inverse of [`Seat::resume_token`].
    pub(super) fn parse_resume_token(text: &str) -> Option<(u32, Token)> {
        let (number, token) = text.split_once('.')?;
        Some((number.parse().ok()?, Token::parse(token)?))
    }

    /// Whether the others count this participant as present.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self.presence, Presence::Left(_))
    }

    /// Moves the seat to a new transport.
    pub(super) fn reconnect(&mut self) {
        self.presence = Presence::Connected;
        self.transport += 1;
        self.activity = self.activity.max(Activity::Active);
    }

    /// Whether one of the last [`MAX_REFERENCES`] messages had this `reference`.
    pub(super) fn has_posted(&self, reference: &str) -> bool {
        self.recent_references.iter().any(|known| known == reference)
    }

    /// Adds the reference of a message that was posted; the oldest of [`MAX_REFERENCES`] is dropped.
    pub(super) fn remember_reference(&mut self, reference: &str) {
        if self.recent_references.len() == MAX_REFERENCES {
            self.recent_references.pop_front();
        }
        self.recent_references.push_back(reference.to_owned());
    }

    /// Whether to relay that this participant is typing; counts as relayed if so.
    pub(super) fn accept_typing(&mut self, now: Instant) -> bool {
        let is_due = self
            .last_typing
            .is_none_or(|last| now.saturating_duration_since(last) >= TYPING_INTERVAL);
        if is_due {
            self.last_typing = Some(now);
        }
        is_due
    }
}
