//! Who waits until the operator admits them, and the rules by which newcomers come in.

use std::time::{Duration, Instant};

use super::generation::sealed;
use super::links::LinkId;
use super::output::{HostEvent, HostOutput};
use super::people::{AdmittedBy, Person, Standing};
use super::state::Host;
use crate::chat::{Entrance, OWN_LINK, RoomError, WaitEnd};
use crate::control::{MAX_WAITING, RoomOrder, RoomRules, ToRelay, WAITING_SECONDS};
use crate::wire::Refusal;

/// How long a person waits before the answer is no.
const WAITING_TIMEOUT: Duration = Duration::from_secs(WAITING_SECONDS);

impl Host {
    /// These rules hold from now on, also for those whose request was granted and who are not in yet. Those
    /// who wait go on waiting.
    pub(in crate::supervisor) fn set_rules(
        &mut self,
        rules: &RoomRules,
        now: Instant,
    ) -> HostOutput {
        self.rules = *rules;
        let mut output = HostOutput::default();
        for number in self.people.admitted_by_rules(|_| true) {
            match Entrance::by(rules) {
                Ok(Entrance::Direct) => {}
                Ok(Entrance::Lobby) => self.postpone(number, now, &mut output),
                Err(locked) => self.refuse(number, locked, &mut output),
            }
        }
        output
    }

    /// Lets in a person who waits, also into a locked room, in the next generation, which is due at once. Their
    /// number is another one if the room was told a higher one while they waited.
    ///
    /// # Errors
    /// [`RoomError::NoSeat`] if this person does not wait, [`RoomError::Full`], after which they go on
    /// waiting, and [`RoomError::DeadLink`].
    pub(in crate::supervisor) fn admit(
        &mut self,
        number: u32,
        now: Instant,
    ) -> Result<HostOutput, RoomError> {
        let Some(Standing::Waiting { is_counted, .. }) = self.people.standing(number) else {
            return Err(RoomError::NoSeat);
        };
        let link = self.people.get(number).ok_or(RoomError::NoSeat)?.link;
        if !is_counted && !self.links.admits(link, now) {
            return Err(RoomError::DeadLink);
        }
        let admitted = if self.people.is_newest(number) {
            self.names.admit_waiting(number)
        } else {
            self.names.admit_waiting_as_newest(number)
        };
        let new_number = admitted?.number;
        self.people.renumber(number, new_number);
        if let Some(person) = self.people.get_mut(new_number) {
            person.standing = Standing::Joining { by: AdmittedBy::Operator };
        }
        let mut output = HostOutput::default();
        if !is_counted {
            self.count_use(link, now, &mut output)?;
        }
        Ok(output)
    }

    /// Refuses a person who waits. `None` if there is no such person.
    pub(in crate::supervisor) fn reject(&mut self, number: u32) -> Option<HostOutput> {
        let Some(Standing::Waiting { .. }) = self.people.standing(number) else { return None };
        let mut output = HostOutput::default();
        self.refuse(number, WaitEnd::Rejected.into(), &mut output);
        Some(output)
    }

    /// Whether one more may wait.
    ///
    /// # Errors
    /// [`RoomError::Full`] if [`MAX_WAITING`] do.
    pub(super) fn check_lobby(&self) -> Result<(), RoomError> {
        let waiting = self.people.with(Standing::is_waiting).count();
        if waiting < MAX_WAITING { Ok(()) } else { Err(RoomError::Full) }
    }

    /// The standing of a person who begins to wait.
    pub(super) fn waiting(now: Instant, is_counted: bool) -> Standing {
        Standing::Waiting { until: now + WAITING_TIMEOUT, is_counted }
    }

    /// Puts a newcomer who was granted a place into the lobby after all.
    fn postpone(&mut self, number: u32, now: Instant, output: &mut HostOutput) {
        if let Err(error) = self.check_lobby() {
            return self.refuse(number, error, output);
        }
        self.names.postpone(number);
        let Some(person) = self.people.get_mut(number) else { return };
        person.standing = Self::waiting(now, true);
        output.relay(ToRelay::Wait { knock: person.knock });
        output.events.push(HostEvent::Waits { participant: person.participant() });
    }

    /// Counts a person who is let in by `link`, and ends the link with its last use.
    ///
    /// # Errors
    /// [`RoomError::DeadLink`].
    pub(super) fn count_use(
        &mut self,
        link: LinkId,
        now: Instant,
        output: &mut HostOutput,
    ) -> Result<(), RoomError> {
        let has_ended = self.links.use_up(link, now)?;
        if link.number != OWN_LINK {
            output.events.push(HostEvent::LinkUsed { link: link.number });
        }
        if has_ended {
            output.order(RoomOrder::EndLink { number: link.number });
            self.end_waits(now, output);
        }
        Ok(())
    }

    /// Ends the wait of those who have waited too long, and of those whose link does not admit any more.
    pub(super) fn end_waits(&mut self, now: Instant, output: &mut HostOutput) {
        let ended = self.waits_that_end(|person| {
            let Standing::Waiting { until, is_counted } = person.standing else { return None };
            if !is_counted && !self.links.admits(person.link, now) {
                return Some(WaitEnd::LinkEnded);
            }
            (until <= now).then_some(WaitEnd::TimedOut)
        });
        self.end_each(ended, output);
    }

    /// Ends the wait of those whose link the operator has ended.
    pub(super) fn end_waits_by(
        &mut self,
        is_ended: impl Fn(LinkId) -> bool,
        output: &mut HostOutput,
    ) {
        let end = |person: &Person| is_ended(person.link).then_some(WaitEnd::LinkEnded);
        let ended = self.waits_that_end(end);
        self.end_each(ended, output);
    }

    fn waits_that_end(&self, end: impl Fn(&Person) -> Option<WaitEnd>) -> Vec<(u32, WaitEnd)> {
        let waiting = self.people.with(Standing::is_waiting);
        waiting.filter_map(|person| Some((person.entry.number, end(person)?))).collect()
    }

    fn end_each(&mut self, ended: Vec<(u32, WaitEnd)>, output: &mut HostOutput) {
        for (number, end) in ended {
            let participant = self.people.get(number).map(Person::participant);
            self.refuse(number, end.into(), output);
            output
                .events
                .extend(participant.map(|participant| HostEvent::WaitEnded { participant, end }));
        }
    }

    /// Refuses a person whom the relay was not told of. Their name is free at once.
    pub(super) fn refuse(&mut self, number: u32, why: RoomError, output: &mut HostOutput) {
        let Some(Person { session, knock, .. }) = self.people.take(number) else { return };
        self.names.withdraw(number);
        let text = session.seal_refusal(&Refusal::from(why).to_sealed_json());
        let text = text.expect("a sentence is shorter than the longest content");
        output.relay(ToRelay::Refuse { knock, sealed: sealed(text) });
    }
}
