//! How one gets into the room.

use std::time::{Duration, Instant};

use crate::config::{Mode, RoomSettings};
use crate::control::Admission;
use crate::seal::SecretBytes;
use crate::supervisor::host::{Host, HostRules};
use crate::token::{Secret, Token};

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
            Self::Sealed { host: Some(host), .. } => host.ticket(),
            Self::Sealed { ticket, host: None, .. } => ticket.clone(),
        }
    }

    /// Takes over the ticket of an open room that replaces the present one.
    pub(super) fn replace_ticket(&mut self, new: Token) {
        if let Self::Open { ticket } = self {
            *ticket = new;
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

    /// The host of a sealed room that is not closed.
    pub(super) fn host_mut(&mut self) -> Option<&mut Host> {
        match self {
            Self::Open { .. } => None,
            Self::Sealed { host, .. } => host.as_deref_mut(),
        }
    }

    /// Takes the host out of a room that is closed.
    pub(super) fn take_host(&mut self) -> Option<Box<Host>> {
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
