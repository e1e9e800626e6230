//! What the operator orders in a test, and what the operator sees.

use std::time::Duration;

use super::relay::Room;
use crate::chat::RoomError;
use crate::control::{LinkNumber, RoomRules};
use crate::seal::Ticket;
use crate::supervisor::host::HostEvent;

impl Room {
    pub(super) fn set_rules(&mut self, locked: bool, lobby: bool) {
        let rules = RoomRules { locked, lobby, ..RoomRules::default() };
        self.model.set_rules(!locked && !lobby);
        let output = self.host.set_rules(&rules, self.now);
        self.take(output);
    }

    /// Makes an invite. Returns whether there is one.
    pub(super) fn invite(&mut self, number: LinkNumber, people: u32, within: Duration) -> bool {
        let invite = self.host.invite(number, people, within, self.now).unwrap();
        let Some((ticket, output)) = invite else { return false };
        self.links.insert(number, Ticket::parse(&ticket).unwrap());
        self.tickets.push((number, self.links[&number].clone()));
        self.model.invite(number, people);
        self.take(output);
        true
    }

    pub(super) fn relink(&mut self) {
        self.model.links_are_replaced();
        let output = self.host.relink(self.now).unwrap();
        self.take(output);
    }

    pub(super) fn revoke(&mut self, number: LinkNumber) -> bool {
        let Some(output) = self.host.revoke(number) else { return false };
        self.model.link_is_revoked(number);
        self.take(output);
        true
    }

    pub(super) fn admit_waiting(&mut self, number: u32) -> Result<(), RoomError> {
        let output = self.host.admit(number, self.now)?;
        self.model.is_admitted(number);
        self.take(output);
        Ok(())
    }

    pub(super) fn reject(&mut self, number: u32) -> bool {
        self.host.reject(number).map(|output| self.take(output)).is_some()
    }

    pub(super) fn kick(&mut self, number: u32) -> bool {
        let output = self.host.kick(number, self.now).unwrap();
        output.map(|output| self.take(output)).is_some()
    }

    /// Drains the board: each event as a sign and a name, or the number of a link.
    pub(super) fn board(&mut self) -> Vec<String> {
        let line = |event: HostEvent| match event {
            HostEvent::Joined { participant, .. } => format!("+{}", participant.name),
            HostEvent::Left { participant, .. } => format!("-{}", participant.name),
            HostEvent::Removed { participant, present } => {
                format!("x{}·{present}", participant.name)
            }
            HostEvent::Waits { participant } => format!("?{}", participant.name),
            HostEvent::WaitEnded { participant, end } => format!("!{} {end:?}", participant.name),
            HostEvent::LinkUsed { link } => format!("link {link}"),
        };
        self.board.drain(..).map(line).collect()
    }

    /// The number of the one who began to wait under this name.
    pub(super) fn waits(&self, name: &str) -> u32 {
        let waiting = self.board.iter().rev().find_map(|event| {
            let HostEvent::Waits { participant } = event else { return None };
            (participant.name == name).then_some(participant.number)
        });
        u32::try_from(waiting.unwrap()).unwrap()
    }
}
