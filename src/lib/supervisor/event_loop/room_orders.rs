//! Gives the room the operator's orders: of an open room its process, of a sealed one the host, too.

use std::time::Instant;

use super::access::RoomAccess;
use super::commands::{NotDone, refuse};
use super::state::EventLoop;
use crate::chat::RoomError;
use crate::control::{LinkNumber, RoomLink, RoomOrder, ToServe};
use crate::span::Span;
use crate::supervisor::children::{ChildRole, Violation};
use crate::supervisor::host::{HostError, HostOutput};
use crate::token::{Secret, Token};

impl EventLoop {
    /// Publishes an announcement, which was judged by the rules of messages.
    pub(super) fn order_announcement(&mut self, text: &str) -> Result<(), NotDone> {
        let Some(host) = self.access.host_mut() else {
            return self.order_room(vec![RoomOrder::Announce { text: text.to_owned() }]);
        };
        match host.announce(text) {
            Some(output) => self.order_by_host(Ok(output)),
            None if self.console.present() == 0 => Err(refuse("no one is in the room")),
            None => Err(refuse("the announcement is too long")),
        }
    }

    /// Removes a person who has a seat. False if the host knows no such person any more.
    pub(super) fn order_removal(&mut self, number: u32) -> Result<bool, NotDone> {
        let Some(host) = self.access.host_mut() else {
            self.order_room(vec![RoomOrder::Remove { number }])?;
            return Ok(true);
        };
        match host.kick(number, Instant::now()) {
            Ok(None) => Ok(false),
            Ok(Some(output)) => self.order_by_host(Ok(output)).map(|()| true),
            Err(error) => self.order_by_host(Err(error)).map(|()| true),
        }
    }

    /// Makes the present rules hold. Before the room's process runs, they are kept for its start.
    pub(super) fn order_rules(&mut self) -> Result<(), NotDone> {
        let rules = self.room.rules();
        self.order_room(vec![RoomOrder::Rules(rules)])?;
        let Some(host) = self.access.host_mut() else { return Ok(()) };
        let output = host.set_rules(&rules, Instant::now());
        self.order_by_host(Ok(output))
    }

    /// Lets a person in who waits in the lobby: those of a sealed room together, when the command is carried
    /// out.
    pub(super) fn order_admission(&mut self, number: u32) -> Result<(), NotDone> {
        let Some(host) = self.access.host_mut() else {
            return self.order_room(vec![RoomOrder::Admit { number }]);
        };
        let admitted = host.admit(number, Instant::now());
        let output = admitted.map_err(|error| refuse(admission_error(&error)))?;
        self.order_by_host(Ok(output))
    }

    /// Refuses a person who waits in the lobby.
    pub(super) fn order_rejection(&mut self, number: u32) -> Result<(), NotDone> {
        let Some(host) = self.access.host_mut() else {
            return self.order_room(vec![RoomOrder::Reject { number }]);
        };
        let output = host.reject(number);
        let output = output.ok_or_else(|| refuse(admission_error(&RoomError::NoSeat)))?;
        self.order_by_host(Ok(output))
    }

    /// Makes an invite, and returns its ticket.
    pub(super) fn order_invite(
        &mut self,
        number: LinkNumber,
        people: u32,
        within: Span,
    ) -> Result<Secret, NotDone> {
        let Some(host) = self.access.host_mut() else {
            let secret = Token::generate().map_err(|_| no_randomness())?;
            let ticket = secret.expose_secret();
            let (uses, seconds) = (Some(people), Some(within.seconds().into()));
            self.order_room(vec![RoomOrder::AddLink(RoomLink { number, secret, uses, seconds })])?;
            return Ok(ticket);
        };
        let invited = host.invite(number, people, within.duration(), Instant::now());
        let invited = invited.map_err(|_| no_randomness())?;
        let (ticket, output) = invited.ok_or_else(|| refuse("there are too many links"))?;
        self.order_by_host(Ok(output))?;
        Ok(ticket)
    }

    /// Ends an invite.
    pub(super) fn order_link_end(&mut self, number: LinkNumber) -> Result<(), NotDone> {
        let Some(host) = self.access.host_mut() else {
            return self.order_room(vec![RoomOrder::EndLink { number }]);
        };
        // The host has ended one that is used up.
        let output = host.revoke(number).unwrap_or_default();
        self.order_by_host(Ok(output))
    }

    /// Replaces the ticket, and ends all invites.
    pub(super) fn order_relink(&mut self) -> Result<(), NotDone> {
        if let RoomAccess::Sealed { host: Some(host), .. } = &mut self.access {
            let output = host.relink(Instant::now()).map_err(|_| no_randomness())?;
            return self.order_by_host(Ok(output));
        }
        let secret = Token::generate().map_err(|_| no_randomness())?;
        let link = RoomLink { number: 0, secret: secret.clone(), uses: None, seconds: None };
        self.order_room(vec![RoomOrder::Relink(link)])?;
        self.access.replace_ticket(secret);
        Ok(())
    }

    /// Gives the room's process orders, which are kept for it until it reads: all of them, or none.
    ///
    /// # Errors
    /// When it reads nothing any more.
    pub(super) fn order_room(&mut self, orders: Vec<RoomOrder>) -> Result<(), NotDone> {
        let orders = orders.into_iter().map(ToServe::Operator).collect();
        let Err(overflow) = self.children.order_serve_all(orders) else { return Ok(()) };
        let violation = Violation::Hostile(overflow.to_string());
        Err(NotDone::Ends(self.handle_violation(ChildRole::Serve, violation)))
    }

    fn order_by_host(&mut self, outcome: Result<HostOutput, HostError>) -> Result<(), NotDone> {
        self.apply_host(outcome).map_or(Ok(()), |event| Err(NotDone::Ends(event)))
    }
}

fn admission_error(error: &RoomError) -> String {
    if matches!(error, RoomError::NoSeat) {
        "they do not wait any more".to_owned()
    } else {
        error.to_string()
    }
}

fn no_randomness() -> NotDone {
    refuse("the kernel gave no random bytes; try again")
}
