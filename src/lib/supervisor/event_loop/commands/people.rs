//! `kick`, `mute`, `unmute`, `admit`, `refuse`.

use super::{EventLoop, NotDone, refuse};
use crate::command::{Applicants, Who};
use crate::control::RoomOrder;
use crate::log::PersonChange;
use crate::span::Span;
use crate::supervisor::operator::{Answer, Found, Moment, Place, Refused};
use crate::terminal::escape_control;

/// What keeps a person out who has the link.
const STILL_HAS_LINK: &str = "they still have the link: lock, lobby on or relink keeps them out";

/// Where a person can be who has a seat.
const WITH_SEAT: &[Place] = &[Place::Room, Place::Away];

impl EventLoop {
    pub(super) fn kick(&mut self, who: &Who, now: Moment) -> Result<Answer, NotDone> {
        let places = [Place::Room, Place::Lobby, Place::Away];
        let found = self.room.find(who, &places, now.instant)?;
        if found.place == Place::Lobby {
            return self.decide(vec![found], PersonChange::NotAdmitted);
        }
        if !self.order_removal(found.number)? {
            return Err(refuse("they are not there any more"));
        }
        let change = self.room.kick(&found);
        let Answer::Changed { line, .. } = self.changed(change) else { return Ok(Answer::Shown) };
        Ok(Answer::Changed { line, more: Some(STILL_HAS_LINK.to_owned()) })
    }

    pub(super) fn mute(
        &mut self,
        who: &Who,
        span: Option<Span>,
        now: Moment,
    ) -> Result<Answer, NotDone> {
        let found = self.room.find(who, WITH_SEAT, now.instant)?;
        if span.is_none() && self.room.is_muted_for_good(&found) {
            let name = escape_control(&found.participant.name);
            return Ok(Answer::Told(format!("{name} is muted already")));
        }
        let seconds = span.map(|span| span.seconds().into());
        self.order_room(vec![RoomOrder::Mute { number: found.number, seconds }])?;
        let change = self.room.mute(&found, span, now.instant);
        Ok(self.changed(change))
    }

    pub(super) fn unmute(&mut self, who: &Who, now: Moment) -> Result<Answer, NotDone> {
        let found = self.room.find(who, WITH_SEAT, now.instant)?;
        match self.room.unmute(&found) {
            Ok(change) => {
                self.order_room(vec![RoomOrder::Unmute { number: found.number }])?;
                Ok(self.changed(change))
            }
            Err(sentence) => Ok(Answer::Told(sentence)),
        }
    }

    pub(super) fn admit(
        &mut self,
        applicants: &Applicants,
        now: Moment,
    ) -> Result<Answer, NotDone> {
        let found = self.applicants(applicants, now)?;
        self.decide(found, PersonChange::Admitted)
    }

    pub(super) fn refuse_applicants(
        &mut self,
        applicants: &Applicants,
        now: Moment,
    ) -> Result<Answer, NotDone> {
        let found = self.applicants(applicants, now)?;
        self.decide(found, PersonChange::NotAdmitted)
    }

    fn applicants(&mut self, applicants: &Applicants, now: Moment) -> Result<Vec<Found>, Refused> {
        let waiting = self.room.waiting(now.instant);
        match applicants {
            _ if waiting.is_empty() => Err(Refused::because("no one waits in the lobby")),
            Applicants::All => Ok(waiting),
            Applicants::One(who) => Ok(vec![self.room.find(who, &[Place::Lobby], now.instant)?]),
        }
    }

    /// Admits or refuses people who wait. Each gets a line; the answer has all of them, and why others were
    /// left out: the last use of their invite was taken by one before them, or the room is full.
    fn decide(&mut self, found: Vec<Found>, change: PersonChange) -> Result<Answer, NotDone> {
        let (mut lines, mut left_out) = (Vec::new(), Vec::new());
        for found in &found {
            match self.order_decision(found.number, change) {
                Ok(()) => {}
                Err(NotDone::Refused(refused)) => {
                    left_out.push(refused);
                    continue;
                }
                Err(ends @ NotDone::Ends(_)) => return Err(ends),
            }
            self.waiting_lines.ended(found.number);
            let change = self.room.decide(found, change);
            self.console.set_waiting(self.room.people().waiting());
            lines.push(self.console.show_change(&change));
        }
        if lines.is_empty() {
            let why = left_out.pop();
            return Err(why.map_or_else(|| refuse("no one waits in the lobby"), NotDone::Refused));
        }
        let count = left_out.len();
        let more = left_out.pop().map(|why| format!("{count} left out: {why}"));
        Ok(Answer::Changed { line: lines.join("\n"), more })
    }

    fn order_decision(&mut self, number: u32, change: PersonChange) -> Result<(), NotDone> {
        match change {
            PersonChange::Admitted => self.order_admission(number),
            PersonChange::Kicked
            | PersonChange::Muted { .. }
            | PersonChange::Unmuted
            | PersonChange::Waiting
            | PersonChange::WaitingEnded
            | PersonChange::NotAdmitted => self.order_rejection(number),
        }
    }
}
