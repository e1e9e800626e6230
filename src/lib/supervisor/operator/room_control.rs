//! What the operator decided, as one value: rules, mutes, invites; and the people whom it is about.

use std::time::{Duration, Instant};

use super::answer::Refused;
use super::connections::Connections;
use super::links::{Invite, Invites, UnknownLink};
use super::moment::Moment;
use super::people::{Number, People, Place};
use super::roster::Roster;
use crate::command::{Who, WhoError, find};
use crate::control::{LinkNumber, Participant, RoomRules};
use crate::log::{PersonChange, RoomChange, Rule, WholeRoomChange};
use crate::span::Span;
use crate::terminal::escape_control;

/// The room as the operator ordered it.
#[derive(Debug)]
pub(in crate::supervisor) struct RoomControl {
    rules: RoomRules,
    people: People,
    invites: Invites,
}

/// A person whom the operator named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) struct Found {
    pub(in crate::supervisor) number: Number,
    pub(in crate::supervisor) participant: Participant,
    pub(in crate::supervisor) place: Place,
}

impl RoomControl {
    /// An empty room with these rules. One who left may return for `retention`.
    pub(in crate::supervisor) fn new(rules: RoomRules, retention: Duration) -> Self {
        Self { rules, people: People::new(retention), invites: Invites::default() }
    }

    /// What holds now.
    pub(in crate::supervisor) fn rules(&self) -> RoomRules {
        self.rules
    }

    /// Those in the room and around it.
    pub(in crate::supervisor) fn people(&self) -> &People {
        &self.people
    }

    /// A person came in, or returned.
    pub(in crate::supervisor) fn joined(&mut self, participant: &Participant, now: Moment) {
        self.people.joined(participant, now);
    }

    /// A person left.
    pub(in crate::supervisor) fn left(&mut self, participant: &Participant, now: Moment) {
        self.people.left(participant, now);
    }

    /// A person waits in the lobby; false if they did already.
    pub(in crate::supervisor) fn waits(&mut self, participant: &Participant, now: Moment) -> bool {
        self.people.expire(now.instant);
        self.people.waits(participant, now)
    }

    /// A person waits no longer. Returns them if they did.
    pub(in crate::supervisor) fn wait_ended(&mut self, number: Number) -> Option<Participant> {
        self.people.wait_ended(number)
    }

    /// The one person whom `who` fits, at the first of `places` where there is one.
    ///
    /// # Errors
    /// When there is no one, or more than one.
    pub(in crate::supervisor) fn find(
        &mut self,
        who: &Who,
        places: &[Place],
        now: Instant,
    ) -> Result<Found, Refused> {
        self.people.expire(now);
        for place in places {
            match find(who, self.names([*place].into_iter())) {
                Ok(number) => return self.found(number, *place),
                Err(WhoError::NotThere { .. }) => {}
                Err(error) => return Err(Refused::because(error.to_string())),
            }
        }
        match find(who, self.names(places.iter().copied())) {
            Err(error) => Err(Refused::because(error.to_string())),
            // Each place was looked at.
            Ok(_) => Err(Refused::because("there is no one of this name")),
        }
    }

    fn names(
        &self,
        places: impl Iterator<Item = Place>,
    ) -> impl Iterator<Item = (u32, &str, &str)> {
        places.flat_map(|place| self.people.at(place)).map(|(number, person)| {
            (number, person.participant.name.as_str(), person.participant.tag.as_str())
        })
    }

    fn found(&self, number: Number, place: Place) -> Result<Found, Refused> {
        let person = self.people.at(place).find(|(it, _)| *it == number);
        let participant = person.map(|(_, person)| person.participant.clone());
        let found = participant.map(|participant| Found { number, participant, place });
        found.ok_or_else(|| Refused::because(format!("there is no one with the number {number}")))
    }

    /// Forgets a person who is removed.
    pub(in crate::supervisor) fn kick(&mut self, found: &Found) -> RoomChange {
        self.people.remove(found.number);
        RoomChange::of(&found.participant, PersonChange::Kicked)
    }

    /// Whether a person is muted until the operator says otherwise.
    pub(in crate::supervisor) fn is_muted_for_good(&self, found: &Found) -> bool {
        self.people.muted(found.number) == Some(None)
    }

    /// Mutes a person, in place of an earlier mute.
    pub(in crate::supervisor) fn mute(
        &mut self,
        found: &Found,
        span: Option<Span>,
        now: Instant,
    ) -> RoomChange {
        self.people.mute(found.number, span.map(|span| now + span.duration()));
        let seconds = span.map(Span::seconds);
        RoomChange::of(&found.participant, PersonChange::Muted { seconds })
    }

    /// Takes a mute back; `Err` with a sentence that says so if there is none.
    pub(in crate::supervisor) fn unmute(&mut self, found: &Found) -> Result<RoomChange, String> {
        match self.people.unmute(found.number) {
            true => Ok(RoomChange::of(&found.participant, PersonChange::Unmuted)),
            false => Err(format!("{} is not muted", escape_control(&found.participant.name))),
        }
    }

    /// Takes a person out of the lobby, who is admitted or refused.
    pub(in crate::supervisor) fn decide(
        &mut self,
        found: &Found,
        change: PersonChange,
    ) -> RoomChange {
        self.people.wait_ended(found.number);
        RoomChange::of(&found.participant, change)
    }

    /// Everyone who waits.
    pub(in crate::supervisor) fn waiting(&mut self, now: Instant) -> Vec<Found> {
        self.people.expire(now);
        let found = |(number, person): (Number, &super::people::Person)| Found {
            number,
            participant: person.participant.clone(),
            place: Place::Lobby,
        };
        self.people.at(Place::Lobby).map(found).collect()
    }

    /// Sets one of the rules. `Err` with the line of the rule if it is so already.
    pub(in crate::supervisor) fn set_rule(
        &mut self,
        changed: Rule,
        set: impl FnOnce(&mut RoomRules),
    ) -> Result<RoomChange, String> {
        let before = self.rules;
        set(&mut self.rules);
        let rules = self.rules;
        let change = RoomChange::from(WholeRoomChange::Rules { rules, changed });
        if rules == before { Err(change.to_string()) } else { Ok(change) }
    }

    /// Sets when the session ends, in milliseconds since 1970; `None` takes that back. Returns what it was.
    pub(in crate::supervisor) fn set_end(&mut self, ends_at: Option<u64>) -> Option<u64> {
        std::mem::replace(&mut self.rules.ends_at, ends_at)
    }

    /// Makes an invite, and returns its number.
    ///
    /// # Errors
    /// As [`Invites::add`].
    pub(in crate::supervisor) fn invite(
        &mut self,
        people: u32,
        within: Span,
        now: Instant,
    ) -> Result<LinkNumber, Refused> {
        self.invites.add(people, within, now)
    }

    /// A person came by this link.
    ///
    /// # Errors
    /// As [`Invites::used`].
    pub(in crate::supervisor) fn link_used(
        &mut self,
        link: LinkNumber,
    ) -> Result<Option<RoomChange>, UnknownLink> {
        let left = self.invites.used(link)?;
        Ok(left.map(|left| WholeRoomChange::InviteUsed { link, left }.into()))
    }

    /// Ends an invite.
    ///
    /// # Errors
    /// As [`Invites::revoke`].
    pub(in crate::supervisor) fn revoke(
        &mut self,
        link: LinkNumber,
        now: Instant,
    ) -> Result<RoomChange, Refused> {
        self.invites.revoke(link, now)?;
        Ok(WholeRoomChange::Revoked { link }.into())
    }

    /// Ends all invites, with the link.
    pub(in crate::supervisor) fn relink(&mut self) -> RoomChange {
        self.invites.clear();
        WholeRoomChange::Relinked.into()
    }

    /// The invites that admit at `now`, by number.
    pub(in crate::supervisor) fn invites(&mut self, now: Instant) -> Vec<(LinkNumber, Invite)> {
        self.invites.list(now).collect()
    }

    /// Who is in the room and who waits.
    pub(in crate::supervisor) fn roster(
        &mut self,
        connections: &Connections,
        now: Instant,
        time_of_day: fn(u64) -> String,
    ) -> Roster {
        self.people.expire(now);
        Roster::new(&self.people, connections, now, time_of_day)
    }
}
