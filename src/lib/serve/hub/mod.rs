//! The one ring and the wake-up: every way into the room reads the same events through a cursor.
//!
//! One lock guards room and ring, and is never held across an await. A [`Connection`] is presence
//! itself: dropping it, on whatever path, tells the room that this transport is gone.

mod admission;
mod connection;
mod publish;
mod roster;
mod survey;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::chat::{Event, Ring, Room, Rules};
use crate::control::FromServe;
use crate::token::Token;
use roster::{Describe, Roster};

pub(super) use admission::{Admission, GONE, Return};
pub(super) use connection::{BATCH_BYTES, Batch, Connection, News, Over, Position, Speaker};
pub(super) use roster::CHUNK;
pub(super) use survey::Survey;

/// How the room is put into words; the wire knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    /// Turns an event into the line that everybody gets: its number, the time in milliseconds since
    /// 1970, the event.
    pub(super) event: fn(u64, u64, &Event) -> Arc<str>,
    /// Turns somebody into the words that stand for them.
    pub(super) somebody: Describe,
}

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
    encoding: Encoding,
    ticket: Token,
    epoch: String,
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
    turnover: u64,
    /// Open [`Connection`]s.
    connections: usize,
    /// How many had a seat when the end was said, with an open connection or between two polls.
    told: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Ending,
}

impl Hub {
    /// An open, empty room. Joins and leaves go to `notices`; a reader who falls 1 024 behind
    /// loses some, but every later one carries the right count.
    pub(super) fn new(
        rules: Rules,
        ring: Ring,
        backlog: usize,
        ticket: Token,
        epoch: &Token,
        encoding: Encoding,
        notices: mpsc::Sender<FromServe>,
    ) -> Self {
        let inner = Inner {
            room: Room::new(rules, Instant::now()),
            ring,
            roster: Roster::new(encoding.somebody),
            typing: VecDeque::new(),
            typed: 0,
            life: Life::Open,
            turnover: 0,
            connections: 0,
            told: 0,
        };
        Self {
            inner: Mutex::new(inner),
            bell: watch::Sender::new(()),
            notices,
            encoding,
            ticket,
            epoch: epoch.expose_secret().to_string(),
            backlog,
        }
    }

    /// Random per start: a client that sees another one wipes itself.
    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Whether this is the ticket of the room.
    pub(super) fn admits(&self, ticket: &str) -> bool {
        Token::parse(ticket).is_some_and(|ticket| ticket == self.ticket)
    }

    /// Whether the session has begun to end.
    pub(super) fn is_ending(&self) -> bool {
        self.lock().life == Life::Ending
    }

    /// Lets time pass; to be called about once a second.
    pub(super) fn pass_time(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.ring.expire(now);
        let events = inner.room.pass_time(now);
        self.publish(&mut inner, events);
    }

    /// Tells everybody that the room has another public address: whoever came by the old one cannot
    /// come back by it.
    pub(super) fn moved(&self, url: String) {
        let mut inner = self.lock();
        self.publish(&mut inner, [Event::Moved { url }]);
    }

    /// Tells everybody that the session is over, and lets nobody in any more.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        inner.life = Life::Ending;
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
