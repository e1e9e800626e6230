//! Carries messages between the relay of a sealed room and its host.

use std::time::Instant;

use super::access::RoomAccess;
use super::state::EventLoop;
use crate::control::{FromRelay, ToServe};
use crate::supervisor::children::{ChildRole, Violation};
use crate::supervisor::host::{HostError, HostEvent, HostOutput};
use crate::supervisor::session::{EndReason, SessionEvent};
use crate::token::sealed_room_link;

impl EventLoop {
    /// Gives a message of the relay to the host. Ignored once the room is closed.
    pub(super) fn handle_relay(
        &mut self,
        message: FromRelay,
        now: Instant,
    ) -> Option<SessionEvent> {
        let host = self.access.host_mut()?;
        let outcome = host.handle(message, now);
        self.apply_host(outcome)
    }

    /// Lets the host do what is due.
    pub(super) fn advance_host(&mut self, now: Instant) -> Option<SessionEvent> {
        let host = self.access.host_mut()?;
        let outcome = host.advance(now);
        self.apply_host(outcome)
    }

    /// Tells everyone in the room its new public address.
    pub(super) fn announce_move(&mut self, url: String) -> Option<SessionEvent> {
        let RoomAccess::Sealed { host, ticket, .. } = &mut self.access else {
            self.children.order_serve(ToServe::Moved { url });
            return None;
        };
        let output = host.as_mut()?.moved(&sealed_room_link(&url, ticket));
        self.apply_host(Ok(output))
    }

    /// Refuses those who wait, and overwrites the keys of a sealed room.
    pub(super) fn close_host(&mut self) -> Option<SessionEvent> {
        let host = self.access.take_host()?;
        self.apply_host(Ok(host.close()))
    }

    /// Overwrites the keys of a sealed room.
    pub(super) fn drop_host(&mut self) {
        drop(self.access.take_host());
    }

    pub(super) fn apply_host(
        &mut self,
        outcome: Result<HostOutput, HostError>,
    ) -> Option<SessionEvent> {
        let output = match outcome {
            Ok(output) => output,
            Err(error) => return Some(self.fail_host(error)),
        };
        for event in &output.events {
            match event {
                HostEvent::Joined { participant, present } => {
                    self.show_joined(participant, *present);
                }
                HostEvent::Left { participant, present }
                | HostEvent::Removed { participant, present } => {
                    self.show_left(participant, *present);
                }
                HostEvent::Waits { participant } => self.show_waits(participant),
                HostEvent::WaitEnded { participant, .. } => {
                    let number = u32::try_from(participant.number).unwrap_or(u32::MAX);
                    self.show_wait_ended(number);
                }
                HostEvent::LinkUsed { link } => drop(self.show_link_used(*link)),
            }
        }
        let orders = output.orders;
        let overflow = self.children.order_serve_all(orders).err()?;
        self.drop_host();
        Some(self.handle_violation(ChildRole::Serve, Violation::Hostile(overflow.to_string())))
    }

    fn fail_host(&mut self, error: HostError) -> SessionEvent {
        self.drop_host();
        let text = error.to_string();
        match error {
            HostError::UnknownParticipant | HostError::UnknownLink => {
                self.handle_violation(ChildRole::Serve, Violation::Hostile(text))
            }
            HostError::Randomness | HostError::Exhausted => {
                SessionEvent::End(EndReason::Failed(text))
            }
        }
    }
}
