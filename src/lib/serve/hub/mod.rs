//! The room, the ring of its events, and the wake-up of its readers. Every transport reads the same
//! events through a cursor of its own. No I/O.
//!
//! One lock guards all state and is never held across an await. A [`Connection`] is presence: dropping
//! it, on any path, tells the room that the transport is gone.

mod batch;
mod connection;
mod join;
mod publish;
mod roster;
#[cfg(test)]
mod roster_tests;
mod settings;
mod snapshot;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::chat::{Ring, Room};
use crate::config::RoomSettings;
use crate::control::FromServe;
use crate::token::Token;
use crate::wire::RoomTerms;
use roster::Roster;

pub(super) use batch::{Batch, MAX_BATCH_BYTES, Position};
pub(super) use connection::{CloseReason, Connection, ReadOutcome};
pub(super) use join::MAX_DEPARTED;
pub(super) use roster::MAX_CHUNK_MEMBERS;
pub(super) use settings::max_presence_events;
pub(super) use snapshot::Snapshot;

/// Most notices to the operator that wait in the channel: a thousand joins in one wake-up fit.
pub(super) const MAX_NOTICES: usize = 1024;

/// How long browsers have to call `/bye` after the end, and clients that poll to come back for the last
/// line. Measured: the first takes 22 ms.
const BYE_TIMEOUT: Duration = Duration::from_millis(250);

/// The one room of the server, shared by all transports.
#[derive(Debug)]
pub(super) struct Hub {
    inner: Mutex<Inner>,
    /// Changes whenever there is something to read: wakes held polls, and the fan-out for all sockets.
    changed: watch::Sender<()>,
    /// Joins and leaves, for the operator.
    notices: mpsc::Sender<FromServe>,
    ticket: Token,
    /// Random per start of the server: tells a client that an earlier session is gone.
    epoch: String,
    terms: RoomTerms,
    /// How many earlier messages a newcomer is shown.
    backlog: usize,
}

#[derive(Debug)]
struct Inner {
    room: Room,
    ring: Ring,
    roster: Roster,
    /// The latest "typing" notes, bounded: the number of each note, and of its participant.
    typing: VecDeque<(u64, u32)>,
    /// Number of the last note in `typing`.
    typing_count: u64,
    life: Life,
    /// How often a participant has returned, which replaces an older connection of the same seat.
    resume_count: u64,
    /// How many [`Connection`]s exist.
    connections: usize,
    /// Whether participants, connected or between two polls, have to learn of the closing.
    awaits_goodbye: bool,
    /// The latest public address, `https://` and the host name, also while the tunnel is lost.
    public_address: Option<Arc<str>>,
}

/// Identifies a [`Connection`] by its participant and its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionId {
    /// The participant's number.
    pub(super) number: u32,
    /// Counts the connections of this seat; the latest one has it.
    transport: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Closing,
}

impl Hub {
    /// An open, empty room. The receiver gets joins and leaves. If it falls [`MAX_NOTICES`] behind, it
    /// loses some, but every later one has the right number of participants.
    pub(super) fn new(
        room: &RoomSettings,
        ticket: Token,
        epoch: &Token,
    ) -> (Self, mpsc::Receiver<FromServe>) {
        let (notices, receiver) = mpsc::channel(MAX_NOTICES);
        let inner = Inner {
            room: Room::new(settings::rules(room), Instant::now()),
            ring: Ring::new(settings::ring_bounds(room)),
            roster: Roster::default(),
            typing: VecDeque::new(),
            typing_count: 0,
            life: Life::Open,
            resume_count: 0,
            connections: 0,
            awaits_goodbye: false,
            public_address: None,
        };
        let hub = Self {
            inner: Mutex::new(inner),
            changed: watch::Sender::new(()),
            notices,
            ticket,
            epoch: epoch.expose_secret().to_string(),
            terms: RoomTerms::of(room),
            backlog: room.backlog,
        };
        (hub, receiver)
    }

    /// Whether this is the ticket of the link; compares in constant time.
    pub(super) fn accepts_ticket(&self, ticket: &str) -> bool {
        Token::parse(ticket).is_some_and(|ticket| ticket == self.ticket)
    }

    /// Whether the room has or had a public address: its provider can read along.
    pub(super) fn has_public_address(&self) -> bool {
        self.lock().public_address.is_some()
    }

    /// Whether [`Hub::close`] was called.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().life == Life::Closing
    }

    /// Ends the session for all participants. Newcomers are refused from now on.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.life = Life::Closing;
        inner.awaits_goodbye = inner.connections > 0 || inner.room.present_count() > 0;
        drop(inner);
        self.notify();
    }

    /// Returns when no connection is open, and every participant has had the time to learn of the end
    /// and to call `/bye`.
    pub(super) async fn drained(&self) {
        let mut changed = self.changed.subscribe();
        while self.lock().connections > 0 {
            if changed.changed().await.is_err() {
                return;
            }
        }
        if self.lock().awaits_goodbye {
            tokio::time::sleep(BYE_TIMEOUT).await;
        }
    }

    /// Wakes the held polls and the fan-out.
    fn notify(&self) {
        self.changed.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in the task of one connection must not end the session for the others. Every change
        // under this lock is complete before anything that could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether no newer connection has taken the seat of this one.
    fn is_current(&self, id: ConnectionId) -> bool {
        self.room.transport(id.number) == Some(id.transport)
    }
}
