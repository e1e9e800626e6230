//! The one ring and the wake-up: every way into the room reads the same events through a cursor.
//!
//! One lock guards room and ring, and is never held across an await. A [`Connection`] is presence
//! itself: dropping it, on whatever path, tells the room that this transport is gone.

mod admission;
mod connection;
mod publish;
mod roster;
mod snapshot;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::chat::{Bounds, Ring, Room, RoomEvent, Rules};
use crate::config::RoomSettings;
use crate::control::FromServe;
use crate::rate_limit::RateLimit;
use crate::token::Token;
use crate::wire::RoomTerms;
use roster::Roster;

pub(super) use admission::MAX_GONE;
pub(super) use connection::{
    Batch, CloseReason, Connection, ConnectionId, MAX_BATCH_BYTES, Position, ReadOutcome,
};
pub(super) use roster::MAX_CHUNK_MEMBERS;
pub(super) use snapshot::Snapshot;

/// Notices to the operator that may wait in the channel. A thousand joins in one wake-up fit.
pub(super) const MAX_NOTICES: usize = 1024;

/// How long browsers have to call `/bye` after the goodbye, and those who poll to come back for it:
/// measured, the first takes 22 ms.
const BYE: Duration = Duration::from_millis(250);

/// The room, its memory, and the bell that wakes whoever reads on: each held poll, and the fan-out for
/// all sockets.
#[derive(Debug)]
pub(super) struct Hub {
    inner: Mutex<Inner>,
    bell: watch::Sender<()>,
    notices: mpsc::Sender<FromServe>,
    ticket: Token,
    epoch: String,
    terms: RoomTerms,
    backlog: usize,
}

#[derive(Debug)]
struct Inner {
    room: Room,
    ring: Ring,
    roster: Roster,
    /// Who typed, each with a number that counts up.
    typing: VecDeque<(u64, u64)>,
    typed: u64,
    life: Life,
    /// Counts how often somebody came back: an older connection may have lost the right to speak by it.
    resume_count: u64,
    /// Open [`Connection`]s.
    connections: usize,
    /// How many had a seat when the end was said, with an open connection or between two polls.
    told: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Closing,
}

impl Hub {
    /// An open, empty room. The receiver gets joins and leaves; if it falls [`MAX_NOTICES`] behind, it
    /// loses some, but every later one carries the right count.
    pub(super) fn new(
        room: &RoomSettings,
        ticket: Token,
        epoch: &Token,
    ) -> (Self, mpsc::Receiver<FromServe>) {
        let (notices, receiver) = mpsc::channel(MAX_NOTICES);
        let inner = Inner {
            room: Room::new(rules(room), Instant::now()),
            ring: Ring::new(ring_bounds(room)),
            roster: Roster::default(),
            typing: VecDeque::new(),
            typed: 0,
            life: Life::Open,
            resume_count: 0,
            connections: 0,
            told: 0,
        };
        let hub = Self {
            inner: Mutex::new(inner),
            bell: watch::Sender::new(()),
            notices,
            ticket,
            epoch: epoch.reveal().to_string(),
            terms: RoomTerms::of(room),
            backlog: room.backlog,
        };
        (hub, receiver)
    }

    /// Whether this is the ticket of the room.
    pub(super) fn accepts_ticket(&self, ticket: &str) -> bool {
        Token::parse(ticket).is_some_and(|ticket| ticket == self.ticket)
    }

    /// Whether the session has begun to end.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().life == Life::Closing
    }

    /// Lets time pass; to be called about once a second.
    pub(super) fn tick(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.ring.expire(now);
        let events = inner.room.pass_time(now);
        self.publish(&mut inner, events);
    }

    /// Tells everybody that the room has another public address: whoever came by the old one cannot
    /// come back by it.
    pub(super) fn announce_url(&self, url: String) {
        let mut inner = self.lock();
        self.publish(&mut inner, [RoomEvent::Moved { url }]);
    }

    /// Tells everybody that the session is over, and lets nobody in any more.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.life = Life::Closing;
        inner.told = inner.connections.max(inner.room.present());
        drop(inner);
        self.bell.send_replace(());
    }

    /// Returns when no connection is open, and everybody who had a seat at the end has had the time
    /// to hear of it, and to say `/bye`.
    pub(super) async fn drained(&self) {
        let mut bell = self.bell.subscribe();
        while self.lock().connections > 0 {
            if bell.changed().await.is_err() {
                return;
            }
        }
        if self.lock().told > 0 {
            tokio::time::sleep(BYE).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in one connection's task must not end the conversation of the others; every
        // change under this lock is complete before anything that could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Joins and leaves that the ring holds: every participant once, and beyond that as many as can happen
/// within the half minute in which a return is not announced.
pub(super) const fn max_presence_events(max_participants: usize) -> usize {
    4096 + 2 * max_participants
}

fn rules(room: &RoomSettings) -> Rules {
    let rate_limit = match room.rate.per_second {
        0 => RateLimit::Unlimited,
        per_second => RateLimit::Limited { per_second, burst: room.rate.burst },
    };
    let kept_for = Duration::from_secs(room.ring.age_seconds);
    Rules { max_participants: room.max_participants, rate_limit, kept_for }
}

fn ring_bounds(room: &RoomSettings) -> Bounds {
    Bounds {
        events: room.ring.events,
        bytes: room.ring.bytes,
        presence: max_presence_events(room.max_participants),
        age: Duration::from_secs(room.ring.age_seconds),
    }
}
