//! The one ring and the wake-up: every way into the room reads the same events through a cursor.
//!
//! One lock guards room and ring, and is never held across an await. A [`Connection`] is presence
//! itself: dropping it, on whatever path, tells the room that this transport is gone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};

use crate::chat::{Entropy, Event, Nickname, Past, Refusal, Ring, Room, Rules, Seat, Text};
use crate::control::{FromServe, Participant};
use crate::token::Token;

/// Turns an event into the line that everybody gets: its number, the time in milliseconds since
/// 1970, the event, and the seat it is about if that is still kept.
pub(super) type Encode = fn(u64, u64, &Event, Option<&Seat>) -> Arc<str>;

/// "typing" notes that are remembered for readers who have not woken up yet. Losing one loses a
/// flicker on a screen.
const TYPING_KEPT: usize = 64;

/// Most that one read takes from the ring: a frame that a slow line can still swallow within the
/// patience of the sender.
const BATCH_BYTES: usize = 64 * 1024;

/// The room, its memory, and the bell that wakes all readers.
#[derive(Debug)]
pub(super) struct Hub {
    inner: Mutex<Inner>,
    bell: watch::Sender<()>,
    notices: mpsc::Sender<FromServe>,
    encode: Encode,
    ticket: Token,
    epoch: String,
    backlog: usize,
}

#[derive(Debug)]
struct Inner {
    room: Room,
    ring: Ring,
    /// Who typed, each with a number that counts up.
    typing: VecDeque<(u64, u64)>,
    typed: u64,
    life: Life,
    /// Open [`Connection`]s.
    connections: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Ending,
}

/// Why a connection has nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The session ends.
    Ended,
    /// Its seat was given up, or taken over by a newer transport.
    Replaced,
}

/// What a connection has not read yet.
#[derive(Debug)]
pub(super) enum News {
    /// Nothing: wait for [`Connection::woken`].
    Nothing,
    /// Events, and who types.
    Some {
        /// Events of the room.
        past: Past,
        /// Numbers of seats.
        typing: Vec<u64>,
    },
    /// Nothing, ever again.
    Over(Over),
}

/// Somebody who was let in.
#[derive(Debug)]
pub(super) struct Admission {
    /// Their transport.
    pub(super) connection: Connection,
    /// Themselves.
    pub(super) you: Participant,
    /// What brings them back.
    pub(super) resume: String,
    /// The others on the roster.
    pub(super) present: Vec<Participant>,
    /// Whoever left and may still be the author of something remembered.
    pub(super) gone: Vec<Participant>,
    /// Earlier messages, if the operator shows them to newcomers.
    pub(super) backlog: Vec<Arc<str>>,
}

/// Where a returning participant stopped reading.
#[derive(Debug)]
pub(super) struct Return {
    /// From the welcome.
    pub(super) resume: String,
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
        encode: Encode,
        notices: mpsc::Sender<FromServe>,
    ) -> Self {
        let inner = Inner {
            room: Room::new(rules),
            ring,
            typing: VecDeque::new(),
            typed: 0,
            life: Life::Open,
            connections: 0,
        };
        Self {
            inner: Mutex::new(inner),
            bell: watch::Sender::new(()),
            notices,
            encode,
            ticket,
            epoch: epoch.reveal(),
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
        Ok(self.admit(&mut inner, number, cursor, backlog))
    }

    /// Lets somebody back in.
    ///
    /// # Errors
    /// What the room says.
    pub(super) fn resume(self: &Arc<Self>, back: &Return) -> Result<Admission, Refusal> {
        let mut inner = self.lock();
        let (number, event) = inner.room.resume(&back.resume)?;
        self.publish(&mut inner, event.into_iter().collect());
        let latest = inner.ring.latest();
        let cursor = back.after.map_or(latest, |after| after.min(latest));
        let admission = self.admit(&mut inner, number, cursor, Vec::new());
        drop(inner);
        // An older transport of the same seat must learn that it speaks for nobody.
        self.bell.send_replace(());
        Ok(admission)
    }

    /// Lets time pass; to be called about once a second.
    pub(super) fn pass_time(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.ring.expire(now);
        let events = inner.room.pass_time(now);
        self.publish(&mut inner, events);
    }

    /// Tells everybody that the session is over, and lets nobody in any more.
    pub(super) fn end(&self) {
        self.lock().life = Life::Ending;
        self.bell.send_replace(());
    }

    /// Returns when no connection is open.
    pub(super) async fn drained(&self) {
        let mut bell = self.bell.subscribe();
        while self.lock().connections > 0 {
            if bell.changed().await.is_err() {
                return;
            }
        }
    }

    fn admit(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u64,
        cursor: u64,
        backlog: Vec<Arc<str>>,
    ) -> Admission {
        inner.connections += 1;
        let seat = inner.room.seat(number).expect("the room has just given this seat");
        let others = inner.room.roster().filter(|other| other.number != number);
        Admission {
            you: participant(seat),
            resume: seat.resume(),
            present: others.map(participant).collect(),
            gone: inner.room.absent().map(participant).collect(),
            backlog,
            connection: Connection {
                hub: Arc::clone(self),
                bell: self.bell.subscribe(),
                number,
                transport: inner.room.transport(number).unwrap_or_default(),
                cursor,
                typed: inner.typed,
            },
        }
    }

    /// Puts events into the ring, wakes the readers and tells the operator.
    fn publish(&self, inner: &mut Inner, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        for event in events {
            self.tell_operator(inner, &event);
            let seat = match &event {
                Event::Joined(number) | Event::Said { number, .. } | Event::Left { number, .. } => {
                    inner.room.seat(*number)
                }
            };
            let line = (self.encode)(inner.ring.next(), at, &event, seat);
            inner.ring.push(line, matches!(event, Event::Said { .. }), Instant::now());
        }
        self.bell.send_replace(());
    }

    fn tell_operator(&self, inner: &Inner, event: &Event) {
        let present = inner.room.present();
        let notice = match event {
            Event::Joined(number) => inner
                .room
                .seat(*number)
                .map(|seat| FromServe::Joined { participant: participant(seat), present }),
            Event::Left { number, name, tag } => Some(FromServe::Left {
                participant: Participant {
                    number: *number,
                    name: name.as_str().to_owned(),
                    tag: tag.as_str().to_owned(),
                },
                present,
            }),
            Event::Said { .. } => None,
        };
        if let Some(notice) = notice {
            // Full: the operator's side is stuck, and the room must not wait for it.
            let _ = self.notices.try_send(notice);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in one connection's task must not end the conversation of the others; every
        // change under this lock is complete before anything that could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transport of one participant: a WebSocket, or one held poll.
#[derive(Debug)]
pub(super) struct Connection {
    hub: Arc<Hub>,
    bell: watch::Receiver<()>,
    number: u64,
    transport: u64,
    cursor: u64,
    typed: u64,
}

impl Connection {
    /// The last number that this connection has read.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Reads on. The bell is marked as heard first, so nothing that comes later is slept through.
    pub(super) fn read(&mut self) -> News {
        self.bell.mark_unchanged();
        let inner = self.hub.lock();
        if inner.room.transport(self.number) != Some(self.transport) {
            return News::Over(Over::Replaced);
        }
        let past = inner.ring.after(self.cursor, BATCH_BYTES);
        let fresh = inner
            .typing
            .iter()
            .filter(|(mark, number)| *mark > self.typed && *number != self.number);
        let typing: Vec<u64> = fresh.map(|(_, number)| *number).collect();
        self.typed = inner.typed;
        if past.events.is_empty() && past.missed == 0 && typing.is_empty() {
            return match inner.life {
                Life::Open => News::Nothing,
                Life::Ending => News::Over(Over::Ended),
            };
        }
        self.cursor = past.cursor;
        News::Some { past, typing }
    }

    /// Returns when there may be something to read. Safe to cancel.
    pub(super) async fn woken(&mut self) {
        // The hub cannot be gone: this connection holds it.
        let _ = self.bell.changed().await;
    }

    /// Says something to everybody. A repetition under the same reference is dropped.
    ///
    /// # Errors
    /// What the room says; [`Refusal::NoSeat`] also after a newer transport took the seat.
    pub(super) fn say(&self, reference: Option<String>, text: Text) -> Result<(), Refusal> {
        let mut inner = self.hub.lock();
        if inner.room.transport(self.number) != Some(self.transport) {
            return Err(Refusal::NoSeat);
        }
        let event = inner.room.say(self.number, reference, text, Instant::now())?;
        self.hub.publish(&mut inner, event.into_iter().collect());
        Ok(())
    }

    /// Lets the others know that this one types.
    pub(super) fn types(&self) {
        let mut inner = self.hub.lock();
        if !inner.room.types(self.number, Instant::now()) {
            return;
        }
        if inner.typing.len() == TYPING_KEPT {
            inner.typing.pop_front();
        }
        inner.typed += 1;
        let mark = inner.typed;
        inner.typing.push_back((mark, self.number));
        self.hub.bell.send_replace(());
    }

    /// Gives up the seat for good.
    pub(super) fn leave(&self) {
        let mut inner = self.hub.lock();
        if inner.room.transport(self.number) == Some(self.transport) {
            let event = inner.room.leave(self.number, Instant::now());
            self.hub.publish(&mut inner, event.into_iter().collect());
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        inner.room.detach(self.number, self.transport, Instant::now());
        inner.connections -= 1;
        drop(inner);
        self.hub.bell.send_replace(());
    }
}

fn participant(seat: &Seat) -> Participant {
    Participant {
        number: seat.number,
        name: seat.name.as_str().to_owned(),
        tag: seat.tag.as_str().to_owned(),
    }
}
