//! The operator makes and ends links.

use std::time::{Duration, Instant};

use super::links::LinkId;
use super::output::{HostError, HostOutput};
use super::state::Host;
use crate::chat::RoomError;
use crate::control::{LinkNumber, RoomOrder};
use crate::seal::LinkKeys;
use crate::token::Secret;

impl Host {
    /// Makes an invite with this number, for so many people. Returns its ticket; `None` if the number is not
    /// higher than all before it, or there are [`crate::control::MAX_LINKS`] links.
    ///
    /// # Errors
    /// [`HostError::Randomness`].
    pub(in crate::supervisor) fn invite(
        &mut self,
        number: LinkNumber,
        people: u32,
        within: Duration,
        now: Instant,
    ) -> Result<Option<(Secret, HostOutput)>, HostError> {
        let keys = self.draw_link()?;
        let ticket = Secret::new(keys.ticket().to_text());
        let mut output = HostOutput::default();
        let Some(link) = self.links.add(number, keys, people, within, now) else {
            return Ok(None);
        };
        output.order(RoomOrder::AddLink(link));
        Ok(Some((ticket, output)))
    }

    /// Ends an invite. Those who came by it and are not in yet are refused. `None` if there is no such
    /// invite.
    pub(in crate::supervisor) fn revoke(&mut self, number: LinkNumber) -> Option<HostOutput> {
        if !self.links.end(number) {
            return None;
        }
        let mut output = HostOutput::default();
        output.order(RoomOrder::EndLink { number });
        self.refuse_newcomers_by(|link| link.number == number, &mut output);
        Some(output)
    }

    /// Ends all links, and makes another one for the room, whose ticket those who are in it are told. Those
    /// who are not in yet are refused.
    ///
    /// # Errors
    /// [`HostError::Randomness`]: nothing has changed.
    pub(in crate::supervisor) fn relink(&mut self, now: Instant) -> Result<HostOutput, HostError> {
        let keys = self.draw_link()?;
        let reference = Secret::new(format!("#1.{}", keys.ticket().to_text()));
        let mut output = HostOutput::default();
        output.order(RoomOrder::Relink(self.links.replace_all(keys, now)));
        self.refuse_newcomers_by(|_| true, &mut output);
        self.publish_address(&reference, &mut output);
        Ok(output)
    }

    /// The secret part of the room's own link.
    pub(in crate::supervisor) fn ticket(&self) -> Secret {
        Secret::new(self.links.own().ticket().to_text())
    }

    fn draw_link(&self) -> Result<LinkKeys, HostError> {
        (self.draw)().map(LinkKeys::new).ok_or(HostError::Randomness)
    }

    /// Refuses those who came by links that the operator has ended, and are not in yet: those who wait, and
    /// those whom no word of the operator has admitted.
    fn refuse_newcomers_by(&mut self, is_ended: impl Fn(LinkId) -> bool, output: &mut HostOutput) {
        for number in self.people.admitted_by_rules(&is_ended) {
            self.refuse(number, RoomError::DeadLink, output);
        }
        self.end_waits_by(is_ended, output);
    }
}
