//! What the operator changes in an open room: rules, removals, mutes, links.

use std::time::{Duration, Instant};

use super::lobby::WaitEnd;
use super::room::{Room, RoomEvent};
use super::room_error::RoomError;
use super::seat::Seat;
use crate::control::{LinkNumber, RoomLink, RoomRules};
use crate::token::{Token, room_link};

impl Room {
    /// The rules that hold at the moment.
    pub(crate) fn rules(&self) -> RoomRules {
        self.seats.room_rules()
    }

    /// As [`Seats::set_room_rules`](super::Seats::set_room_rules). No one who waits is admitted by it.
    pub(crate) fn set_rules(&mut self, rules: RoomRules) -> bool {
        self.seats.set_room_rules(rules)
    }

    /// Removes someone, present, away or waiting: seat and resume token are void, and the name stays taken
    /// until the session ends. An event if the others knew this participant as present.
    pub(crate) fn remove(&mut self, number: u32, now: Instant) -> Option<RoomEvent> {
        let was_present = self.seats.is_present(number);
        self.seats.remove(number, now);
        self.lobby.end(number, WaitEnd::Removed);
        self.seats.unmute(number);
        let identity = self.names.remove(number, now)?;
        was_present.then_some(RoomEvent::Left(identity))
    }

    /// As [`Seats::present_from`](super::Seats::present_from).
    pub(crate) fn present_from(&self, number: u32) -> impl Iterator<Item = &Seat> {
        self.seats.present_from(number)
    }

    /// Whether the operator has removed this participant, who had a seat.
    pub(crate) fn is_removed(&self, number: u32) -> bool {
        self.seats.is_removed(number)
    }

    /// As [`Seats::mute`](super::Seats::mute), also of someone who waits.
    pub(crate) fn mute(&mut self, number: u32, span: Option<Duration>, now: Instant) -> bool {
        if self.lobby.contains(number) {
            self.seats.mutes.begin(number, span, now);
            return true;
        }
        self.seats.get(number).is_some() && self.seats.mute(number, span, now)
    }

    /// As [`Seats::unmute`](super::Seats::unmute).
    pub(crate) fn unmute(&mut self, number: u32) -> bool {
        self.seats.unmute(number)
    }

    /// As [`Seats::check_mute`](super::Seats::check_mute).
    ///
    /// # Errors
    /// [`RoomError::Muted`], with the time that is left.
    pub(crate) fn check_mute(&self, number: u32, now: Instant) -> Result<(), RoomError> {
        self.seats.check_mute(number, now)
    }

    /// As [`Seats::expire_mutes`](super::Seats::expire_mutes).
    pub(crate) fn expire_mutes(&mut self, now: Instant) -> Vec<u32> {
        self.seats.expire_mutes(now)
    }

    /// As [`Links::add`](super::Links::add).
    pub(crate) fn add_link(&mut self, link: RoomLink, now: Instant) -> bool {
        self.links.add(link, now)
    }

    /// As [`Links::end`](super::Links::end). [`Room::end_waits`] follows.
    pub(crate) fn end_link(&mut self, number: LinkNumber) -> bool {
        self.links.end(number)
    }

    /// Ends all links; the given one is the room's own from now on. Those who are inside are told; those who
    /// wait came by a link that is dead, and do not wait any more: returns their numbers.
    pub(crate) fn relink(&mut self, link: RoomLink, now: Instant) -> (RoomEvent, Vec<u32>) {
        let url = room_link("", &link.secret.expose_secret()).to_string();
        self.links.replace_all(link, now);
        let waiting: Vec<u32> = self.lobby.numbers().collect();
        for number in &waiting {
            self.stop_waiting(*number, WaitEnd::LinkEnded);
        }
        (RoomEvent::Moved { url }, waiting)
    }

    /// Whether this is the ticket of a link that admits.
    pub(crate) fn accepts_ticket(&self, ticket: &Token, now: Instant) -> bool {
        self.links.find(ticket, now).is_some()
    }
}
