//! The operator's orders, as far as the room enforces them, and what the room reports about them. The
//! supervisor decides; `chattrace-serve` has the connections.
//!
//! In a sealed room, names and tickets are the host's: the room is told numbers and doors.

use serde::{Deserialize, Deserializer, Serialize};

use super::participant::Participant;
use super::sealed::{LinkNumber, Sealed};
use crate::config::RoomSettings;
use crate::control::validate;
use crate::span::Span;
use crate::token::Token;

/// Most people who wait in the lobby. One more is told that the room is full.
pub(crate) const MAX_WAITING: usize = 32;

/// Seconds that one of them waits before the answer is no.
pub(crate) const WAITING_SECONDS: u64 = 300;

/// Most links that admit at the same time, the room's own and invites: each knock is compared with all.
pub(crate) const MAX_LINKS: usize = 64;

/// Most connections in one line of [`RoomReport::Connections`].
pub(crate) const MAX_CONNECTIONS_PER_LINE: usize = 250;

/// What holds for everyone in the room. The room sends it to every client whenever it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomRules {
    /// Newcomers are refused. Those who have a seat may return to it.
    pub(crate) locked: bool,
    /// Newcomers wait until the operator admits them, unless the room is locked.
    pub(crate) lobby: bool,
    /// Seconds from one message of a participant to their next; 0 is no such limit.
    pub(crate) slow: u32,
    /// Seconds after which a message disappears; 0 is never.
    pub(crate) fade: u32,
    /// When the session ends by itself, in milliseconds since 1970.
    pub(crate) ends_at: Option<u64>,
}

impl RoomRules {
    /// The rules that hold when a room with these settings opens.
    pub(crate) fn at_start(room: &RoomSettings) -> Self {
        Self { lobby: room.lobby, fade: room.fade.map_or(0, Span::seconds), ..Self::default() }
    }
}

/// A link that admits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RoomLink {
    pub(crate) number: LinkNumber,
    /// The ticket of an open room, the door of a sealed one.
    pub(crate) secret: Token,
    /// How many people it lets in; `None` is any number. In a sealed room the host counts, and this is
    /// `None`.
    pub(crate) uses: Option<u32>,
    /// Seconds from now for which it admits; `None` is until the end.
    pub(crate) seconds: Option<u64>,
}

/// Supervisor to serve.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum RoomOrder {
    /// These rules hold from now on.
    Rules(RoomRules),
    /// Publish this announcement of the host: in an open room.
    Announce { text: String },
    /// The same in a sealed room, as a box of the host.
    AnnounceSealed { body: Sealed },
    /// Remove this participant at once: seat and resume token are void, the client is told. In a sealed
    /// room the host's next generation follows.
    Remove { number: u32 },
    /// Refuse what this participant says, for so many seconds; `None` is until [`RoomOrder::Unmute`].
    Mute { number: u32, seconds: Option<u64> },
    /// Undo [`RoomOrder::Mute`].
    Unmute { number: u32 },
    /// Let this person in, who waits in the lobby of an open room.
    Admit { number: u32 },
    /// Tell this person, who waits in the lobby of an open room, that the operator said no.
    Reject { number: u32 },
    /// Another link admits.
    AddLink(RoomLink),
    /// This link admits no one any more.
    EndLink { number: LinkNumber },
    /// All links are dead; this one replaces that with the number 0. Tell those who are inside its ticket,
    /// in an open room.
    Relink(RoomLink),
    /// Forget everything that was said, and have every client empty its log.
    Clear,
    /// Report by which transport everyone is connected, with this number.
    ListConnections { request: u64 },
    /// Send every client the end at once, overwrite everything, exit. No answer.
    Panic,
}

/// Serve to supervisor. Every field is validated: serve may have been taken over.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum RoomReport {
    /// Of an open room: this person waits in the lobby. Sent again after a [`RoomOrder::Admit`] for which the
    /// room had no place: the person goes on waiting.
    Waits { participant: Participant },
    /// Of an open room: this person does not wait any more, because they have gone, waited too long, or came
    /// by a link that is over. Not sent after [`RoomOrder::Reject`], nor after a [`RoomOrder::Admit`] that let
    /// them in.
    WaitEnded { number: u32 },
    /// Of an open room: a person was let in by this invite.
    LinkUsed { link: LinkNumber },
    /// To [`RoomOrder::ListConnections`]: those who have a seat and are not in the room's past, by number.
    Connections {
        request: u64,
        #[serde(deserialize_with = "deserialize_connections")]
        connections: Vec<(u32, Connected)>,
        /// Whether this is the last line of the answer.
        is_last: bool,
    },
}

/// By what a participant is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Connected {
    /// A page with a WebSocket.
    Page,
    /// A page or a program that polls.
    Poll,
    /// Not connected at the moment; the seat is kept.
    Away,
}

/// Connections in one line of a report: at most [`MAX_CONNECTIONS_PER_LINE`].
fn deserialize_connections<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<(u32, Connected)>, D::Error> {
    validate::at_most(from, "a list of connections", MAX_CONNECTIONS_PER_LINE)
}
