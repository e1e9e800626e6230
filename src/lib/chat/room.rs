//! The one conversation of a session, in a room whose server reads names and texts: who may join, return,
//! post and be seen. It is made of two halves, which a sealed room has in two processes: the names and
//! the seats.
//!
//! The sender of everything is a seat, never a name in a message. Joins and leaves are announced by the
//! room alone.

use std::time::Instant;

use super::identity::Identity;
use super::links::Links;
use super::lobby::Lobby;
use super::name_registry::NameRegistry;
use super::nickname::Nickname;
use super::room_error::RoomError;
use super::seat::Seat;
use super::seats::{Posting, Returning, Rules, SeatEvent, Seats};
use super::text::MessageText;
use crate::control::LinkNumber;
use crate::token::Token;

/// Random bits for one newcomer.
#[derive(Debug)]
pub(crate) struct Entropy {
    /// The secret part of the resume token.
    pub(crate) token: Token,
    /// Selects the tag.
    pub(crate) tag: u32,
}

/// Someone who wants to join.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) name: Nickname,
    /// Of the link by which they come.
    pub(crate) ticket: Token,
    pub(crate) entropy: Entropy,
}

/// A newcomer who was let in.
#[derive(Debug, PartialEq)]
pub(crate) struct Admitted {
    pub(crate) number: u32,
    /// The link by which they came, which is used up by one.
    pub(crate) link: LinkNumber,
    /// The last event announces the newcomer; one before it announces who lost a place. Then comes
    /// [`Room::grant_history`], with the number of the last event.
    pub(crate) events: Vec<RoomEvent>,
}

/// What happens in the room, for all participants.
#[derive(Debug, PartialEq)]
pub(crate) enum RoomEvent {
    /// A participant is on the roster, for the first time or again.
    Joined(Identity),
    /// A participant is no longer on the roster.
    Left(Identity),
    /// A participant posted a message.
    Message {
        /// Of the sender.
        number: u32,
        /// The client's own id of the message, which acknowledges it to its sender.
        reference: Option<String>,
        text: MessageText,
    },
    /// The room has another public address; the one before no longer works.
    Moved {
        /// `https://` and the host name; or a path, which is another link at the same address.
        url: String,
    },
}

/// The participants and the rules that they are held to.
#[derive(Debug)]
pub(crate) struct Room {
    /// Of the same participants as `seats`, and of some who left.
    pub(super) names: NameRegistry,
    pub(super) seats: Seats,
    pub(super) links: Links,
    /// Newcomers who are in `names`, and have no seat.
    pub(super) lobby: Lobby,
}

impl Room {
    /// An empty room, whose own link has this ticket.
    pub(crate) fn new(rules: Rules, ticket: Token, now: Instant) -> Self {
        let names = NameRegistry::new(rules.max_participants, rules.retention, now);
        let (seats, links, lobby) = (Seats::new(rules), Links::new(ticket), Lobby::default());
        Self { names, seats, links, lobby }
    }

    /// How many participants are on the roster.
    pub(crate) fn present_count(&self) -> usize {
        self.seats.present_count()
    }

    /// The participants on the roster, in the order of their joins.
    #[cfg(test)]
    pub(crate) fn roster(&self) -> impl Iterator<Item = &Identity> {
        self.seats.present().filter_map(|number| self.identity(number))
    }

    /// The participants who left and whose messages may still be remembered.
    pub(crate) fn departed(&self) -> impl Iterator<Item = &Identity> {
        self.names.departed()
    }

    /// The seat of a participant, also of one who left, as long as it is retained.
    pub(crate) fn seat(&self, number: u32) -> Option<&Seat> {
        self.seats.get(number)
    }

    /// What the others know of a participant who has a seat, or will know of one who waits.
    pub(crate) fn identity(&self, number: u32) -> Option<&Identity> {
        self.names.get(number)
    }

    /// As [`Seats::grant_history`].
    pub(crate) fn grant_history(&mut self, number: u32, start: u64, joined_seq: u64) {
        self.seats.grant_history(number, start, joined_seq);
    }

    /// As [`Seats::mark_history_read`].
    pub(crate) fn mark_history_read(&mut self, number: u32, cursor: u64) {
        self.seats.mark_history_read(number, cursor);
    }

    /// As [`Seats::mark_active`].
    pub(crate) fn mark_active(&mut self, number: u32) {
        self.seats.mark_active(number);
    }

    /// Returns a participant to the seat, on a new transport. There are events only if the others were
    /// told that the participant left.
    ///
    /// # Errors
    /// When there is no such seat, the secret is wrong, or the participant had left and the room is
    /// full.
    pub(crate) fn resume(
        &mut self,
        token: &str,
        now: Instant,
    ) -> Result<(u32, Vec<RoomEvent>), RoomError> {
        let number = match self.seats.resume(token)? {
            Returning::Present(number) => return Ok((number, Vec::new())),
            Returning::Left(number) => number,
        };
        let displaced = self.seats.find_place(now)?;
        let mut events = self.displace(displaced, now);
        let identity = self.names.readmit(number)?;
        events.push(RoomEvent::Joined(identity.clone()));
        self.seats.readmit(number);
        Ok((number, events))
    }

    /// The number of the transport that may act for this participant.
    pub(crate) fn transport(&self, number: u32) -> Option<u64> {
        self.seats.transport(number)
    }

    /// As [`Seats::detach`].
    pub(crate) fn detach(&mut self, number: u32, transport: u64, now: Instant) {
        self.seats.detach(number, transport, now);
    }

    /// Gives up the seat of a participant for good.
    pub(crate) fn leave(&mut self, number: u32, now: Instant) -> Option<RoomEvent> {
        let events = self.seats.leave(number, now);
        self.apply(events, now).pop()
    }

    /// Posts a message; `None` if it repeats an earlier one under the same reference.
    ///
    /// # Errors
    /// When the participant is over the rate limit, or not on the roster.
    pub(crate) fn post_message(
        &mut self,
        number: u32,
        reference: Option<String>,
        text: MessageText,
        now: Instant,
    ) -> Result<Option<RoomEvent>, RoomError> {
        let posting = self.seats.post(number, reference.as_deref(), now)?;
        let message = RoomEvent::Message { number, reference, text };
        Ok((posting == Posting::Accepted).then_some(message))
    }

    /// Whether to relay that a participant is typing.
    pub(crate) fn accept_typing(&mut self, number: u32, now: Instant) -> bool {
        self.seats.accept_typing(number, now)
    }

    /// Applies all timeouts. Call it about once a second.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<RoomEvent> {
        self.names.expire(now);
        let events = self.seats.expire(now);
        self.apply(events, now)
    }

    pub(super) fn displace(&mut self, number: Option<u32>, now: Instant) -> Vec<RoomEvent> {
        let events = number.map(|number| self.seats.displace(number, now));
        self.apply(events.unwrap_or_default(), now)
    }

    /// Carries over to the names what became of seats. Returns what the others have to be told.
    pub(super) fn apply(&mut self, events: Vec<SeatEvent>, now: Instant) -> Vec<RoomEvent> {
        let mut left = Vec::new();
        for event in events {
            match event {
                SeatEvent::Left(number) => {
                    left.extend(self.names.leave(number, now).cloned().map(RoomEvent::Left));
                }
                SeatEvent::GivenUp { number, activity } => {
                    self.names.give_up(number, activity, now);
                }
            }
        }
        left
    }
}
