//! Lets participants join or return, and collects what their welcome contains.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::lobby::LobbyClient;
use super::room::OpenRoom;
use crate::chat::{Admitted, Identity, Joining, Newcomer, OWN_LINK, Ring, RoomError};
use crate::control::RoomReport;
use crate::serve::hub::batch::Position;
use crate::serve::hub::connection::{Arrival, CloseReason, Connection};
use crate::serve::hub::{Hub, Inner};
use crate::token::{Secret, Token};
use crate::wire::{RulesView, Welcome};

/// Most departed participants whom a welcome names. A client shows the others by number.
pub(in crate::serve) const MAX_DEPARTED: usize = 256;

/// What becomes of a newcomer who is not refused.
#[derive(Debug)]
pub(in crate::serve) enum Joined {
    /// They are in the room.
    In(Connection),
    /// They wait in the lobby.
    Waits(LobbyClient),
}

/// The content of a welcome, copied under the lock and serialised without it.
#[derive(Debug)]
struct Admission {
    you: Identity,
    resume: Secret,
    seq: u64,
    present: Vec<Arc<str>>,
    departed: Vec<Identity>,
    public_address: Option<Arc<str>>,
    rules: RulesView,
    invite: bool,
}

impl Hub {
    /// Whether this is the ticket of a link that admits. Uses nothing up; compares in constant time.
    pub(in crate::serve) fn accepts_ticket(&self, ticket: &Token) -> bool {
        let mut inner = self.lock();
        let open = inner.room.open();
        open.is_ok_and(|open| open.room.accepts_ticket(ticket, Instant::now()))
    }

    /// Checks that the room is not locked.
    ///
    /// # Errors
    /// [`RoomError::Locked`] if it is.
    pub(in crate::serve) fn check_unlocked(&self) -> Result<(), RoomError> {
        if self.lock().room.rules().locked { Err(RoomError::Locked) } else { Ok(()) }
    }

    /// Admits a newcomer, or has them wait.
    ///
    /// # Errors
    /// Those of [`crate::chat::Room::join`].
    pub(in crate::serve) fn join(
        self: &Arc<Self>,
        newcomer: Newcomer,
    ) -> Result<Joined, RoomError> {
        let now = Instant::now();
        let mut inner = self.lock();
        let Inner { room, ring, .. } = &mut *inner;
        let open = room.open()?;
        let history_start = ring.cursor_before_last(open.backlog);
        match open.room.join(newcomer, now)? {
            Joining::Waits(number) => Ok(Joined::Waits(self.begin_wait(&mut inner, number)?)),
            Joining::Admitted(admitted) => {
                let number = admitted.number;
                let start = self.let_in(&mut inner, admitted, history_start);
                // This may have been the last use of a link by which others wait.
                self.end_waits(&mut inner, now);
                let connection = self.connect(&mut inner, number, start, Arrival::Newcomer);
                Ok(Joined::In(connection))
            }
        }
    }

    /// Announces a newcomer who has a seat, and reports the use of an invite. Of the messages after
    /// `history_start`, the newcomer may read the backlog. Returns where it begins.
    pub(super) fn let_in(&self, inner: &mut Inner, admitted: Admitted, history_start: u64) -> u64 {
        let Admitted { number, link, events } = admitted;
        self.publish(inner, events);
        if link != OWN_LINK {
            inner.report(self, RoomReport::LinkUsed { link });
        }
        // The last of these events announces the newcomer.
        let joined_seq = inner.ring.latest_seq();
        let Ok(open) = inner.room.open() else { return joined_seq };
        let start = if open.backlog == 0 { joined_seq } else { history_start };
        open.room.grant_history(number, start, joined_seq);
        start
    }

    /// Returns a participant to the seat of a resume token, to read on after the event `after`; without
    /// it, from now on.
    ///
    /// # Errors
    /// Those of [`crate::chat::Room::resume`].
    pub(in crate::serve) fn resume(
        self: &Arc<Self>,
        token: &Secret,
        after: Option<u64>,
    ) -> Result<Connection, RoomError> {
        let mut inner = self.lock();
        let (number, events) = inner.room.open()?.room.resume(token, Instant::now())?;
        inner.seat_changes += 1;
        self.publish(&mut inner, events);
        let latest = inner.ring.latest_seq();
        let seat = inner.room.seat(number);
        let cursor = seat.map_or(latest, |seat| seat.resume_cursor(after, latest));
        // An older connection of the same seat must learn that it is replaced.
        self.notify();
        Ok(self.connect(&mut inner, number, cursor, Arrival::Returning))
    }
}

impl Connection {
    /// The welcome, in pieces.
    ///
    /// # Errors
    /// Why this connection has lost the seat since the join.
    pub(in crate::serve) fn welcome(&mut self) -> Result<Vec<Arc<str>>, CloseReason> {
        let admission = self.admit()?;
        let Admission { you, resume, seq, present, departed, public_address, rules, invite } =
            admission;
        let welcome = Welcome {
            epoch: &self.hub.epoch,
            you: &you,
            resume: &resume,
            seq,
            present,
            gone: &departed,
            terms: &self.hub.terms,
            rules,
            invite,
            public_address: public_address.as_deref(),
        };
        Ok(welcome.into_pieces())
    }

    /// For a newcomer, moves on to now unless there are messages to read: the welcome lists the others
    /// who joined in the meantime, and when a thousand join at once, announcing each of them again
    /// would double what is sent.
    fn admit(&mut self) -> Result<Admission, CloseReason> {
        let (hub, number) = (Arc::clone(&self.hub), self.id.number);
        let mut inner = hub.lock();
        inner.check_current(self.id)?;
        let Position { cursor, .. } = self.position;
        if self.arrival == Arrival::Newcomer
            && cursor == self.joined_seq
            && !inner.ring.has_messages_after(cursor)
        {
            self.position.cursor = inner.ring.latest_seq();
        }
        let cursor = self.position.cursor;
        let (public_address, rules) = (inner.public_address.clone(), inner.rules_view());
        let Inner { room, ring, .. } = &mut *inner;
        let open = room.open().map_err(|_| CloseReason::Replaced)?;
        let departed = open.departed_since(ring, cursor, self.joined_seq);
        let OpenRoom { room, roster, .. } = open;
        let participant = room.seat(number).zip(room.identity(number));
        let (seat, you) = participant.ok_or(CloseReason::Replaced)?;
        Ok(Admission {
            you: you.clone(),
            resume: seat.resume_token(),
            // Not before the join: the backlog is still to be read.
            seq: cursor.max(self.joined_seq),
            present: roster.others(room, number),
            departed,
            public_address,
            rules,
            invite: seat.came_by_invite(),
        })
    }
}

impl OpenRoom {
    /// The departed participants whom the events after `cursor` mention. Of the events before
    /// `joined_seq`, the join of the reader, only messages count, because it reads no others.
    fn departed_since(&self, ring: &Ring, cursor: u64, joined_seq: u64) -> Vec<Identity> {
        let backlog = ring.mentioned_participants(cursor, Some(joined_seq));
        let later = ring.mentioned_participants(cursor.max(joined_seq), None);
        let mentioned: HashSet<u32> = backlog.chain(later).collect();
        let departed = self.room.departed();
        let mut departed: Vec<&Identity> =
            departed.filter(|identity| mentioned.contains(&identity.number)).collect();
        // At the bound, the latest ones: their events are the last, which stay on the screen.
        departed.sort_unstable_by_key(|identity| Reverse(identity.number));
        departed.into_iter().take(MAX_DEPARTED).cloned().collect()
    }
}
