//! The room, the ring of its events, and the wake-up of its readers. Every transport reads the same
//! events through a cursor of its own. No I/O.
//!
//! One lock guards all state and is never held across an await. A [`Connection`] is presence: dropping
//! it, on any path, tells the room that the transport is gone.

mod batch;
mod clearing;
mod connection;
mod connections;
mod links;
mod list_connections;
mod mutes;
mod open;
mod orders;
mod own_lines;
mod publish;
mod reports;
mod room_state;
mod sealed;
mod settings;
mod snapshot;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, watch};

use crate::chat::Ring;
use crate::config::{Mode, RoomSettings};
use crate::control::{FromServe, RoomReport, RoomRules};
use crate::token::Token;
use crate::wire::RoomTerms;
use connections::{ConnectionLists, Pollers};
use open::OpenRoom;
use own_lines::OwnLines;
use room_state::RoomState;
use sealed::SealedRoom;

pub(super) use batch::{Batch, MAX_BATCH_BYTES, Position};
pub(super) use connection::{CloseReason, Connection, Entered, ReadOutcome};
pub(super) use connections::POLLER_BYTES;
pub(super) use open::{
    Joined, LobbyClient, LobbyEnd, LobbyTransport, MAX_CHUNK_MEMBERS, MAX_DEPARTED,
};
pub(super) use own_lines::OWN_LINE_BYTES;
pub(super) use sealed::{
    Answered, FoundKnock, Knock, KnockEnd, KnockReply, MAX_KEPT_DECISIONS, MAX_KNOCKS_IN_FLIGHT,
    MAX_KNOCKS_WAITING, MAX_REQUESTS, Resumed, ReturnReply,
};
pub(super) use settings::{MAX_KEYS_BYTES, max_presence_events};
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
    /// Joins and leaves of an open room, for the operator.
    notices: mpsc::Sender<FromServe>,
    /// Of a sealed room: there is something to send to the host, or another deadline.
    host_work: Notify,
    /// The operator has cleared what was said.
    cleared: Notify,
    /// There is a report to the operator.
    report_work: Notify,
    /// Random per session: tells a client that an earlier one is gone.
    epoch: String,
    terms: RoomTerms,
    /// Of a sealed room: there may be another deadline of a knock.
    knock_work: Notify,
    /// Decides which lines of clients are understood.
    mode: Mode,
}

#[derive(Debug)]
struct Inner {
    room: RoomState,
    ring: Ring,
    /// The latest "typing" notes, bounded: the number of each note, and of its participant.
    typing: VecDeque<(u64, u32)>,
    /// Number of the last note in `typing`.
    typing_count: u64,
    life: Life,
    /// How often a connection may have lost its seat, to a newer one or because the participant was
    /// removed, or was to get a line of its own.
    seat_changes: u64,
    /// Number of the last event `cleared`; 0 before the first.
    cleared_seq: u64,
    /// Lines that only one participant gets.
    own_lines: OwnLines,
    pollers: Pollers,
    /// What the operator has to learn beside joins and leaves, in order.
    reports: VecDeque<RoomReport>,
    connection_lists: ConnectionLists,
    /// How many [`Connection`]s exist.
    connections: usize,
    /// Whether participants, connected or between two polls, have to learn of the closing.
    awaits_goodbye: bool,
    /// The latest public address, `https://` and the host name, also while the tunnel is lost. A sealed
    /// room never shows it to clients.
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
    /// An empty room in which the server reads names and texts. The receiver gets joins and leaves. If it
    /// falls [`MAX_NOTICES`] behind, it loses some, but every later one has the right number of
    /// participants.
    pub(super) fn open(
        room: &RoomSettings,
        ticket: Token,
        epoch: &Token,
        rules: RoomRules,
    ) -> (Self, mpsc::Receiver<FromServe>) {
        let open = OpenRoom::new(room, ticket, Instant::now());
        Self::new(room, RoomState::Open(open), Mode::Open, epoch, rules)
    }

    /// An empty room in which the server relays what it cannot read; see [`Hub::next_to_host`]. The
    /// receiver gets nothing.
    pub(super) fn sealed(
        room: &RoomSettings,
        door: Token,
        epoch: &Token,
        rules: RoomRules,
    ) -> (Self, mpsc::Receiver<FromServe>) {
        let sealed = SealedRoom::new(room, door);
        Self::new(room, RoomState::Sealed(sealed), Mode::Sealed, epoch, rules)
    }

    fn new(
        room: &RoomSettings,
        state: RoomState,
        mode: Mode,
        epoch: &Token,
        rules: RoomRules,
    ) -> (Self, mpsc::Receiver<FromServe>) {
        let (notices, receiver) = mpsc::channel(MAX_NOTICES);
        let mut inner = Inner {
            room: state,
            ring: Ring::new(settings::ring_bounds(room)),
            typing: VecDeque::new(),
            typing_count: 0,
            life: Life::Open,
            seat_changes: 0,
            cleared_seq: 0,
            own_lines: OwnLines::default(),
            pollers: Pollers::default(),
            reports: VecDeque::new(),
            connection_lists: ConnectionLists::default(),
            connections: 0,
            awaits_goodbye: false,
            public_address: None,
        };
        inner.set_rules(rules, Instant::now());
        let hub = Self {
            inner: Mutex::new(inner),
            changed: watch::Sender::new(()),
            notices,
            host_work: Notify::new(),
            cleared: Notify::new(),
            report_work: Notify::new(),
            knock_work: Notify::new(),
            epoch: epoch.expose_secret().to_string(),
            terms: RoomTerms::of(room),
            mode,
        };
        (hub, receiver)
    }

    /// Whether the server can read what is said.
    pub(super) fn mode(&self) -> Mode {
        self.mode
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
        inner.awaits_goodbye = inner.connections > 0
            || inner.room.present_count() > 0
            || inner.room.waiting_count() > 0;
        inner.room.refuse_waiting();
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

    /// Whether the fan-out may send to this connection what all get: it has its seat, and no line waits for it
    /// alone.
    fn follows_all(&self, id: ConnectionId) -> bool {
        self.is_current(id) && !self.own_lines.has(id.number)
    }
}
