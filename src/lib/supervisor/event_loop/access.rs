//! How one gets into the room, and the host of a sealed one.

use std::time::{Duration, Instant};

use super::state::EventLoop;
use crate::config::{Mode, RoomSettings};
use crate::control::{Admission, FromRelay, ToServe};
use crate::seal::SecretBytes;
use crate::supervisor::children::{ChildRole, Violation};
use crate::supervisor::host::{Host, HostError, HostOutput, HostRules, Presence};
use crate::supervisor::session::{EndReason, SessionEvent};
use crate::token::{Secret, Token, sealed_room_link};

/// The secrets of the room, by its mode.
#[derive(Debug)]
pub(in crate::supervisor) enum RoomAccess {
    /// Whoever has the ticket may enter; serve compares it.
    Open { ticket: Token },
    Sealed {
        /// `None` once the room is closed: its keys are overwritten.
        host: Option<Box<Host>>,
        ticket: Secret,
        door: Token,
        /// Tells clients that the session is another one.
        epoch: Token,
    },
}

impl RoomAccess {
    /// Draws the secrets for a room with these settings.
    ///
    /// # Errors
    /// When the kernel has no randomness.
    pub(in crate::supervisor) fn draw(
        room: &RoomSettings,
        now: Instant,
    ) -> Result<Self, getrandom::Error> {
        match room.mode {
            Mode::Open => Ok(Self::Open { ticket: Token::generate()? }),
            Mode::Sealed => {
                let rules = HostRules {
                    max_participants: room.max_participants,
                    ring_age: Duration::from_secs(room.ring.age_seconds),
                };
                let draw = || SecretBytes::generate().ok();
                let host = Host::new(rules, draw, now).map_err(|_| getrandom::Error::UNEXPECTED)?;
                let (ticket, door) = (host.ticket(), host.door());
                let epoch = Token::generate()?;
                Ok(Self::Sealed { host: Some(Box::new(host)), ticket, door, epoch })
            }
        }
    }

    /// The secret part of every link.
    pub(super) fn ticket(&self) -> Secret {
        match self {
            Self::Open { ticket } => ticket.expose_secret(),
            Self::Sealed { ticket, .. } => ticket.clone(),
        }
    }

    /// What serve gets of it.
    pub(super) fn admission(&self) -> Admission {
        match self {
            Self::Open { ticket } => Admission::Open { ticket: ticket.clone() },
            Self::Sealed { door, epoch, .. } => {
                Admission::Sealed { door: door.clone(), epoch: epoch.clone() }
            }
        }
    }

    fn host_mut(&mut self) -> Option<&mut Host> {
        match self {
            Self::Open { .. } => None,
            Self::Sealed { host, .. } => host.as_deref_mut(),
        }
    }

    /// Takes the host out of a room that is closed.
    fn take_host(&mut self) -> Option<Box<Host>> {
        match self {
            Self::Open { .. } => None,
            Self::Sealed { host, .. } => host.take(),
        }
    }

    /// When the host has to act.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Open { .. } => None,
            Self::Sealed { host, .. } => host.as_ref()?.deadline(),
        }
    }
}

impl EventLoop {
    /// Gives a message of the relay to the host. Ignored once the room is closed.
    pub(super) fn handle_relay(
        &mut self,
        message: FromRelay,
        now: Instant,
    ) -> Option<SessionEvent> {
        let host = self.access.host_mut()?;
        let outcome = host.handle(message, now);
        self.carry_out(outcome)
    }

    /// Lets the host do what is due.
    pub(super) fn advance_host(&mut self, now: Instant) -> Option<SessionEvent> {
        let host = self.access.host_mut()?;
        let outcome = host.advance(now);
        self.carry_out(outcome)
    }

    /// Tells everyone in the room its new public address.
    pub(super) fn announce_move(&mut self, url: String) -> Option<SessionEvent> {
        let RoomAccess::Sealed { host, ticket, .. } = &mut self.access else {
            self.children.order_serve(ToServe::Moved { url });
            return None;
        };
        let output = host.as_mut()?.moved(&sealed_room_link(&url, ticket));
        self.carry_out(Ok(output))
    }

    /// Refuses those who wait, and overwrites the keys of a sealed room.
    pub(super) fn close_host(&mut self) -> Option<SessionEvent> {
        let host = self.access.take_host()?;
        self.carry_out(Ok(host.close()))
    }

    /// Overwrites the keys of a sealed room.
    pub(super) fn drop_host(&mut self) {
        drop(self.access.take_host());
    }

    fn carry_out(&mut self, outcome: Result<HostOutput, HostError>) -> Option<SessionEvent> {
        let output = match outcome {
            Ok(output) => output,
            Err(error) => return Some(self.fail_host(error)),
        };
        for presence in &output.presence {
            match presence {
                Presence::Joined { participant, present } => {
                    self.console.show_joined(participant, *present);
                }
                Presence::Left { participant, present } => {
                    self.console.show_left(participant, *present);
                }
            }
        }
        let orders = output.orders.into_iter().map(ToServe::Sealed).collect();
        let overflow = self.children.order_serve_all(orders).err()?;
        self.drop_host();
        Some(self.handle_violation(ChildRole::Serve, Violation::Hostile(overflow.to_string())))
    }

    fn fail_host(&mut self, error: HostError) -> SessionEvent {
        self.drop_host();
        let text = error.to_string();
        match error {
            HostError::UnknownParticipant => {
                self.handle_violation(ChildRole::Serve, Violation::Hostile(text))
            }
            HostError::Randomness | HostError::Exhausted => {
                SessionEvent::End(EndReason::Failed(text))
            }
        }
    }
}
