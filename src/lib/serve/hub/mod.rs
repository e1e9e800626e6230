//! The one ring and the wake-up: every way into the room reads the same events through a cursor.
//!
//! One lock guards room and ring, and is never held across an await. A [`Connection`] is presence
//! itself: dropping it, on whatever path, tells the room that this transport is gone.

mod connection;
mod publish;
mod roster;
mod survey;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::chat::{Entropy, Event, Identity, Nickname, Refusal, Ring, Room, Rules};
use crate::control::{FromServe, Participant};
use crate::token::{Secret, Token};
use publish::participant;
use roster::Roster;

pub(super) use connection::{BATCH_BYTES, Batch, Connection, News, Over, Position, Speaker};
pub(super) use survey::Survey;

/// How the room is put into words; the wire knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    /// Turns an event into the line that everybody gets: its number, the time in milliseconds since
    /// 1970, the event.
    pub(super) event: fn(u64, u64, &Event) -> Arc<str>,
    /// Turns somebody into the words that stand for them.
    pub(super) somebody: fn(&Identity) -> String,
}

/// How long browsers have to call `/bye` after the goodbye, and those who poll to come back for it:
/// measured, the first takes 22 ms.
const BYE: Duration = Duration::from_millis(250);

/// The room, its memory, and the bell that wakes all readers.
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
    /// Counts how often somebody has lost the right to speak while their connection was open.
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

/// Somebody who was let in.
#[derive(Debug)]
pub(super) struct Admission {
    /// Their transport.
    pub(super) connection: Connection,
    /// Themselves.
    pub(super) you: Participant,
    /// What brings them back.
    pub(super) resume: Secret,
    /// The others on the roster, each in the words of [`Encoding::somebody`], with commas between.
    pub(super) present: Arc<str>,
    /// Whoever left and may still be the author of something remembered.
    pub(super) gone: Vec<Participant>,
    /// Earlier messages, if the operator shows them to newcomers.
    pub(super) backlog: Vec<Arc<str>>,
}

/// Where a returning participant stopped reading.
#[derive(Debug)]
pub(super) struct Return {
    /// From the welcome.
    pub(super) resume: Secret,
    /// The last number they saw; `None` reads on from now.
    pub(super) after: Option<u64>,
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
            room: Room::new(rules),
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
            epoch: epoch.reveal().to_string(),
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

    /// Lets a newcomer in.
    ///
    /// # Errors
    /// What the room says.
    pub(super) fn join(
        self: &Arc<Self>,
        name: Nickname,
        entropy: Entropy,
    ) -> Result<Admission, Refusal> {
        let mut inner = self.lock();
        // Before their own arrival: what they are shown of the past is the backlog alone.
        let backlog = inner.ring.backlog(self.backlog);
        let (number, event) = inner.room.join(name, entropy, Instant::now())?;
        self.publish(&mut inner, vec![event]);
        let cursor = inner.ring.latest();
        let connection = self.connect(&mut inner, number, cursor);
        Ok(self.admit(&mut inner, connection, backlog))
    }

    /// Lets somebody back in, and tells them who is there.
    ///
    /// # Errors
    /// What the room says.
    pub(super) fn resume(self: &Arc<Self>, back: &Return) -> Result<Admission, Refusal> {
        let mut inner = self.lock();
        let connection = self.come_back(&mut inner, back)?;
        Ok(self.admit(&mut inner, connection, Vec::new()))
    }

    /// Lets somebody back in who knows who is there.
    ///
    /// # Errors
    /// What the room says.
    pub(super) fn reconnect(self: &Arc<Self>, back: &Return) -> Result<Connection, Refusal> {
        self.come_back(&mut self.lock(), back)
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
        self.publish(&mut inner, vec![Event::Moved { url }]);
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

    fn come_back(
        self: &Arc<Self>,
        inner: &mut Inner,
        back: &Return,
    ) -> Result<Connection, Refusal> {
        let (number, event) = inner.room.resume(&back.resume)?;
        inner.turnover += 1;
        self.publish(inner, event.into_iter().collect());
        let latest = inner.ring.latest();
        let cursor = back.after.map_or(latest, |after| after.min(latest));
        // An older transport of the same seat must learn that it speaks for nobody.
        self.bell.send_replace(());
        Ok(self.connect(inner, number, cursor))
    }

    fn connect(self: &Arc<Self>, inner: &mut Inner, number: u64, cursor: u64) -> Connection {
        inner.connections += 1;
        let transport = inner.room.transport(number).unwrap_or_default();
        Connection {
            hub: Arc::clone(self),
            bell: self.bell.subscribe(),
            speaker: Speaker { number, transport },
            position: Position { cursor, typed: inner.typed },
        }
    }

    fn admit(
        &self,
        inner: &mut Inner,
        connection: Connection,
        backlog: Vec<Arc<str>>,
    ) -> Admission {
        // Needed only by who is shown what was said before they came, or while they were away.
        let reads_the_past = !backlog.is_empty() || connection.cursor() < inner.ring.latest();
        let gone = if reads_the_past {
            inner.room.absent().map(participant).collect()
        } else {
            Vec::new()
        };
        let number = connection.speaker().number;
        let seat = inner.room.seat(number).expect("the room has just given this seat");
        Admission {
            you: participant(&seat.identity),
            resume: seat.resume(),
            present: inner.roster.others(&inner.room, number),
            gone,
            backlog,
            connection,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in one connection's task must not end the conversation of the others; every
        // change under this lock is complete before anything that could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
