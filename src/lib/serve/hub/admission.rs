//! Letting people in: for the first time, and again.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::connection::{Connection, ConnectionId, Position};
use super::{Hub, Inner};
use crate::chat::{Entropy, Identity, Nickname, RoomError, Seat};
use crate::token::Secret;
use crate::wire::Welcome;

/// What a welcome is made of, copied under the lock and serialised without it.
#[derive(Debug)]
struct Admission {
    you: Identity,
    resume: Secret,
    seq: u64,
    present: Vec<Arc<str>>,
    gone: Vec<Identity>,
}

/// Whether a connection is the first of its participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A newcomer.
    First,
    /// On a new transport.
    Again,
}

/// People who have left and are named in a welcome, at most. Of others, their number is shown.
pub(in crate::serve) const MAX_GONE: usize = 256;

impl Hub {
    /// Lets a newcomer in.
    ///
    /// # Errors
    /// What the room says.
    pub(in crate::serve) fn join(
        self: &Arc<Self>,
        name: Nickname,
        entropy: Entropy,
    ) -> Result<Connection, RoomError> {
        let mut inner = self.lock();
        let begin = inner.ring.before_last_said(self.backlog);
        let (number, events) = inner.room.join(name, entropy, Instant::now())?;
        self.publish(&mut inner, events);
        // Their own arrival, which is the last of these events.
        let joined = inner.ring.latest();
        let begin = if self.backlog == 0 { joined } else { begin };
        inner.room.begin(number, begin, joined);
        Ok(self.connect(&mut inner, number, begin, Arrival::First))
    }

    /// Lets a participant back in.
    ///
    /// # Errors
    /// What the room says.
    pub(in crate::serve) fn resume(
        self: &Arc<Self>,
        token: &Secret,
        after: Option<u64>,
    ) -> Result<Connection, RoomError> {
        let mut inner = self.lock();
        let (number, events) = inner.room.resume(token, Instant::now())?;
        inner.resume_count += 1;
        self.publish(&mut inner, events);
        let latest = inner.ring.latest();
        // No seat: it was there a moment ago, under the same lock.
        let cursor = inner.room.seat(number).map_or(latest, |seat| seat.cursor(after, latest));
        // An older transport of the same seat must learn that it speaks for nobody.
        self.bell.send_replace(());
        Ok(self.connect(&mut inner, number, cursor, Arrival::Again))
    }

    fn connect(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u64,
        cursor: u64,
        arrival: Arrival,
    ) -> Connection {
        inner.connections += 1;
        let transport = inner.room.transport(number).unwrap_or_default();
        Connection {
            hub: Arc::clone(self),
            bell: self.bell.subscribe(),
            id: ConnectionId { number, transport },
            position: Position { cursor, typed: inner.typed },
            joined: inner.room.seat(number).map_or(u64::MAX, Seat::joined),
            arrival,
        }
    }
}

impl Connection {
    /// The welcome, in pieces; `None` if another connection has taken the seat since.
    pub(in crate::serve) fn welcome(&mut self) -> Option<Vec<Arc<str>>> {
        let Admission { you, resume, seq, present, gone } = self.admission()?;
        let (epoch, terms) = (self.hub.epoch.as_str(), &self.hub.terms);
        let welcome =
            Welcome { epoch, you: &you, resume: &resume, seq, present, gone: &gone, terms };
        Some(welcome.into_pieces())
    }

    /// To a newcomer, those who came since are told of in it, and not once more one by one, unless
    /// something was said in between: when a thousand come at once, that is half of what there is to tell.
    fn admission(&mut self) -> Option<Admission> {
        let hub = Arc::clone(&self.hub);
        let mut inner = hub.lock();
        if !inner.is_current(self.id) {
            return None;
        }
        let Position { cursor, .. } = self.position;
        if self.arrival == Arrival::First
            && cursor == self.joined
            && !inner.ring.is_said_after(cursor)
        {
            self.position.cursor = inner.ring.latest();
        }
        let number = self.id.number;
        let gone = inner.gone(self.position.cursor, self.joined);
        let Inner { room, roster, .. } = &mut *inner;
        let seat = room.seat(number)?;
        Some(Admission {
            you: seat.identity.clone(),
            resume: seat.resume(),
            seq: self.cursor(),
            present: roster.others(room, number),
            gone,
        })
    }
}

impl Inner {
    /// Participants who have left, and are named in what is read from `cursor` on by one who `joined`
    /// at that event.
    fn gone(&self, cursor: u64, joined: u64) -> Vec<Identity> {
        let backlog = self.ring.mentioned(cursor, Some(joined));
        let news = self.ring.mentioned(cursor.max(joined), None);
        let named: HashSet<u64> = backlog.chain(news).collect();
        let absent = self.room.absent().filter(|identity| named.contains(&identity.number));
        let mut gone: Vec<&Identity> = absent.collect();
        // Those who came last are in what is read last, which is what stays on a screen.
        gone.sort_unstable_by_key(|identity| Reverse(identity.number));
        gone.into_iter().take(MAX_GONE).cloned().collect()
    }
}
