//! The messages of the relay. What cannot be ends the session; what may have crossed with an order of the
//! host is ignored, and said so beside the code.

use std::time::Instant;

use super::generation::sealed;
use super::output::{HostError, HostEvent, HostOutput};
use super::people::Standing;
use super::requests::Requested;
use super::state::Host;
use crate::chat::WaitEnd;
use crate::control::{FromRelay, Handshake, LinkNumber, ToRelay};
use crate::wire::Refusal;

impl Host {
    /// Acts on a message of the relay, and does what is due at `now`.
    ///
    /// # Errors
    /// When the message is a lie, or randomness or generations are used up.
    pub(in crate::supervisor) fn handle(
        &mut self,
        message: FromRelay,
        now: Instant,
    ) -> Result<HostOutput, HostError> {
        let mut output = HostOutput::default();
        match message {
            FromRelay::Knock { knock, link, noise } => {
                output.relay(self.answer(knock, link, &noise, now)?);
            }
            FromRelay::Request { knock, sealed } => {
                // Of a knock that is over: the host forgets the oldest of 65 while its request is on the way.
                if let Some((link, session)) = self.knocks.take(knock) {
                    let requested = Requested { knock, link, session };
                    self.judge_request(requested, sealed.as_bytes(), now, &mut output)?;
                }
            }
            FromRelay::KnockEnded { knock } => self.end_knock(knock, now, &mut output),
            FromRelay::Gone { number } => {
                self.check_told(number)?;
                self.mark_gone(number, now);
            }
            FromRelay::GivenUp { number } => {
                self.check_told(number)?;
                self.give_up(number, now);
            }
            FromRelay::Returns { number } => {
                self.readmit(number)?.into_iter().for_each(|order| output.relay(order));
            }
        }
        let HostOutput { orders, events } = self.advance(now)?;
        output.orders.extend(orders);
        output.events.extend(events);
        Ok(output)
    }

    /// The session ends: those who are not in yet are told so.
    pub(in crate::supervisor) fn close(self) -> HostOutput {
        let json = Refusal::closing().to_sealed_json();
        let mut output = HostOutput::default();
        for (knock, session) in self.people.into_newcomers() {
            if let Ok(text) = session.seal_refusal(&json) {
                output.relay(ToRelay::Refuse { knock, sealed: sealed(text) });
            }
        }
        output
    }

    fn answer(
        &mut self,
        knock: u64,
        link: LinkNumber,
        message_1: &Handshake,
        now: Instant,
    ) -> Result<ToRelay, HostError> {
        let ephemeral = (self.draw)().ok_or(HostError::Randomness)?;
        let Some((link, keys)) = self.links.get(link)? else {
            return Ok(ToRelay::WrongTicket { knock });
        };
        let Ok((message_2, session)) = keys.answer(message_1.as_bytes(), ephemeral) else {
            return Ok(ToRelay::WrongTicket { knock });
        };
        self.knocks.add(knock, link, session, now);
        let noise = Handshake::new(message_2.to_vec()).expect("message 2 is the longest");
        Ok(ToRelay::Answer { knock, noise })
    }

    /// The client of a knock is gone. It may have been admitted while the relay was writing this: then it
    /// is a participant who left. Ignored for a knock that is over on both sides.
    fn end_knock(&mut self, knock: u64, now: Instant, output: &mut HostOutput) {
        if self.knocks.take(knock).is_some() {
            return;
        }
        match self.people.by_knock(knock) {
            Some((number, Standing::Joining { .. } | Standing::Waiting { .. })) => {
                let Some(person) = self.people.take(number) else { return };
                self.names.withdraw(number);
                if person.standing.is_waiting() {
                    let participant = person.participant();
                    output.events.push(HostEvent::WaitEnded { participant, end: WaitEnd::Gone });
                }
            }
            Some((number, _)) => self.mark_gone(number, now),
            None => {}
        }
    }

    /// Whether the relay may speak of this participant. It may still do so when the host has forgotten them,
    /// which is then ignored.
    fn check_told(&self, number: u32) -> Result<(), HostError> {
        if self.people.was_told(number) { Ok(()) } else { Err(HostError::UnknownParticipant) }
    }

    /// The name stays taken. The participant has gone before, unless they were let in again while the relay
    /// was writing this.
    fn give_up(&mut self, number: u32, now: Instant) {
        self.mark_gone(number, now);
        self.names.forget(number, now);
        self.people.remove_departed(number);
    }

    /// Nothing changes for one who left before: the end of their knock says the same.
    fn mark_gone(&mut self, number: u32, now: Instant) {
        let Some(person) = self.people.told_mut(number) else { return };
        person.standing = match person.standing {
            Standing::Present => Standing::Leaving,
            Standing::Returning => Standing::Departed,
            unchanged @ (Standing::Waiting { .. }
            | Standing::Joining { .. }
            | Standing::Leaving
            | Standing::Removed
            | Standing::Departed) => unchanged,
        };
        self.names.leave(number, now);
    }

    /// Returns the order that answers at once, if one does.
    fn readmit(&mut self, number: u32) -> Result<Option<ToRelay>, HostError> {
        self.check_told(number)?;
        let refuse = Some(ToRelay::RefuseReturn { number });
        let Some(person) = self.people.told_mut(number) else { return Ok(refuse) };
        let (standing, answer) = match person.standing {
            // Not taken out of the circle yet, so that no one else hears of it.
            Standing::Leaving => {
                (Standing::Present, Some(ToRelay::Readmit { numbers: vec![number] }))
            }
            Standing::Departed => (Standing::Returning, None),
            // Asked twice: two connections with one resume token.
            Standing::Present => {
                return Ok(Some(ToRelay::Readmit { numbers: vec![number] }));
            }
            Standing::Removed => return Ok(refuse),
            Standing::Returning | Standing::Waiting { .. } | Standing::Joining { .. } => {
                return Ok(None);
            }
        };
        // The room may be full by now.
        if self.names.readmit(number).is_err() {
            return Ok(refuse);
        }
        person.standing = standing;
        Ok(answer)
    }
}
