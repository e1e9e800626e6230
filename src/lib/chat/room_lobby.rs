//! How newcomers come into an open room: by a link that admits, at once or through the lobby.

use std::time::Instant;

use super::links::OWN_LINK;
use super::lobby::{WaitEnd, Waiting};
use super::room::{Admitted, Entropy, Newcomer, Room, RoomEvent};
use super::room_error::RoomError;
use super::seat_rules::Entrance;
use crate::control::LinkNumber;
use crate::token::Secret;

/// What becomes of a newcomer who is not refused.
#[derive(Debug, PartialEq)]
pub(crate) enum Joining {
    /// They are in.
    Admitted(Admitted),
    /// They wait in the lobby, under this number; see [`Room::identity`].
    Waits(u32),
}

impl Room {
    /// Lets a newcomer in, or into the lobby. A link is used up by one who is let in only.
    ///
    /// # Errors
    /// When the room is locked or full, the link does not admit, the name is taken, or too many join.
    pub(crate) fn join(&mut self, newcomer: Newcomer, now: Instant) -> Result<Joining, RoomError> {
        let entrance = self.seats.entrance()?;
        let Newcomer { name, ticket, entropy: Entropy { token, tag } } = newcomer;
        let link = self.links.find(&ticket, now).ok_or(RoomError::DeadLink)?;
        if entrance == Entrance::Lobby {
            self.lobby.check_place()?;
            let number = self.names.wait(name, tag, now)?.number;
            self.lobby.add(number, token, link, now);
            return Ok(Joining::Waits(number));
        }
        let displaced = self.seats.find_place(now)?;
        self.names.check_newcomer(&name, now)?;
        let identity = self.names.assign(name, tag)?;
        self.links.use_up(link, now)?;
        let mut events = self.displace(displaced, now);
        let number = identity.number;
        self.seats.admit(number, token, now);
        self.mark_invited(number, link);
        events.push(RoomEvent::Joined(identity));
        Ok(Joining::Admitted(Admitted { number, link, events }))
    }

    /// Lets in someone who waits, at the word of the operator, also while the room is locked. The seat
    /// counts as connected: [`Room::detach`] follows if no transport is open.
    ///
    /// # Errors
    /// When this person does not wait, the link by which they came does not admit any more, or the room is
    /// full. They wait as before, until [`Room::end_waits`] says otherwise.
    pub(crate) fn admit(&mut self, number: u32, now: Instant) -> Result<Admitted, RoomError> {
        let link = self.lobby.link(number).ok_or(RoomError::NoSeat)?;
        if !self.links.admits(link, now) {
            return Err(RoomError::DeadLink);
        }
        let displaced = self.seats.find_place(now)?;
        let mut events = self.displace(displaced, now);
        let identity = self.names.admit_waiting(number)?.clone();
        self.links.use_up(link, now)?;
        let waiter = self.lobby.take(number).ok_or(RoomError::NoSeat)?;
        self.seats.admit_earlier(number, waiter.token, now);
        self.mark_invited(number, link);
        events.push(RoomEvent::Joined(identity));
        Ok(Admitted { number, link, events })
    }

    fn mark_invited(&mut self, number: u32, link: LinkNumber) {
        if link != OWN_LINK {
            self.seats.mark_invited(number);
        }
    }

    /// Ends the wait of someone, for this reason; their name is free at once. Returns whether they waited.
    pub(crate) fn stop_waiting(&mut self, number: u32, end: WaitEnd) -> bool {
        let has_waited = self.lobby.end(number, end);
        if has_waited {
            self.names.withdraw(number);
            self.seats.unmute(number);
        }
        has_waited
    }

    /// Ends the wait of those who have waited too long or are gone, and of those whose link does not admit
    /// any more. Call it about once a second, and whenever a link may have ended: after
    /// [`Room::join`], [`Room::admit`], [`Room::end_link`].
    pub(crate) fn end_waits(&mut self, now: Instant) -> Vec<(u32, WaitEnd)> {
        let links = &self.links;
        let overdue = self.lobby.overdue(now, |link| links.admits(link, now));
        for (number, end) in &overdue {
            self.stop_waiting(*number, *end);
        }
        overdue
    }

    /// Those who wait, in the order in which they came.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = u32> {
        self.lobby.numbers()
    }

    /// Whether the person with this number waits.
    pub(crate) fn waits(&self, number: u32) -> bool {
        self.lobby.contains(number)
    }

    /// By which a client that polls finds its place in the lobby, and the seat when it is admitted.
    pub(crate) fn waiting_token(&self, number: u32) -> Option<Secret> {
        self.lobby.resume_token(number)
    }

    /// Finds someone who waits, or waited and was not admitted, by the token of [`Room::waiting_token`].
    /// `None` for one who was admitted: [`Room::resume`].
    pub(crate) fn find_waiting(&self, token: &str) -> Option<Waiting> {
        self.lobby.find(token)
    }

    /// Notes that a client in the lobby has come back that polls.
    pub(crate) fn attach_waiting(&mut self, number: u32) {
        self.lobby.attach(number);
    }

    /// Notes that a client in the lobby has the answer to its poll, and is to come back within
    /// [`super::POLL_RETURN_TIMEOUT`].
    pub(crate) fn detach_waiting(&mut self, number: u32, now: Instant) {
        self.lobby.detach(number, now);
    }
}
