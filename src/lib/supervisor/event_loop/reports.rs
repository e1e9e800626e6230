//! What the room's process reports about the operator's orders, and who comes and goes.

use std::time::Instant;

use super::clock::read_clocks;
use super::state::EventLoop;
use crate::control::{LinkNumber, Participant, RoomReport};
use crate::log::{PersonChange, RoomChange, WholeRoomChange};
use crate::supervisor::children::{ChildRole, Violation};
use crate::supervisor::operator::WaitingLine;
use crate::supervisor::session::{SessionEvent, SessionTimer};

impl EventLoop {
    /// Shows what the room's process reported.
    pub(super) fn handle_report(&mut self, report: RoomReport) -> Option<SessionEvent> {
        match report {
            RoomReport::Waits { participant } => self.show_waits(&participant),
            RoomReport::WaitEnded { number } => self.show_wait_ended(number),
            RoomReport::LinkUsed { link } => return self.show_link_used(link),
            RoomReport::Connections { request, connections, is_last } => {
                return self.take_connections(request, connections, is_last);
            }
        }
        None
    }

    /// Shows that a person came in.
    pub(super) fn show_joined(&mut self, participant: &Participant, present: usize) {
        let now = read_clocks();
        self.room.joined(participant, now);
        self.console.show_joined(participant, present);
        self.console.ring(now.instant);
        self.follow_presence(present);
    }

    /// Shows that a person left.
    pub(super) fn show_left(&mut self, participant: &Participant, present: usize) {
        self.room.left(participant, read_clocks());
        self.console.show_left(participant, present);
        self.follow_presence(present);
    }

    /// Shows that a person waits in the lobby: in a line of their own, unless too many do at once.
    pub(super) fn show_waits(&mut self, participant: &Participant) {
        let now = read_clocks();
        if !self.room.waits(participant, now) {
            return;
        }
        self.console.set_waiting(self.room.people().waiting());
        let change = RoomChange::of(participant, PersonChange::Waiting);
        let number = u32::try_from(participant.number).unwrap_or(u32::MAX);
        match self.waiting_lines.waits(number, now.instant) {
            WaitingLine::Own => drop(self.console.show_change(&change)),
            WaitingLine::Counted => self.console.report_change(&change),
        }
        self.console.ring(now.instant);
    }

    /// Shows that a person waits no longer, if it was shown that they waited.
    pub(super) fn show_wait_ended(&mut self, number: u32) {
        let was_shown = self.waiting_lines.ended(number);
        let Some(participant) = self.room.wait_ended(number) else { return };
        self.console.set_waiting(self.room.people().waiting());
        let change = RoomChange::of(&participant, PersonChange::WaitingEnded);
        if was_shown {
            self.console.show_change(&change);
        } else {
            self.console.report_change(&change);
        }
    }

    /// Shows how many wait of whom no line was shown, once that is due.
    pub(super) fn show_waiting_summary(&mut self, now: Instant) {
        if let Some(count) = self.waiting_lines.take_summary(now) {
            let waiting = self.room.people().waiting();
            // Programs were told of each of them.
            self.console.show_to_operator(&WholeRoomChange::MoreWaiting { count, waiting }.into());
        }
    }

    /// Shows that a person came by an invite.
    pub(super) fn show_link_used(&mut self, link: LinkNumber) -> Option<SessionEvent> {
        match self.room.link_used(link) {
            Ok(change) => {
                change.iter().for_each(|change| drop(self.console.show_change(change)));
                None
            }
            Err(unknown) => {
                let violation = Violation::Hostile(unknown.to_string());
                Some(self.handle_violation(ChildRole::Serve, violation))
            }
        }
    }

    /// Ends the session in a while, if no one is in the room and none comes.
    pub(super) fn follow_presence(&mut self, present: usize) {
        match self.config.limits.idle {
            Some(idle) if present == 0 => {
                self.timers.arm(SessionTimer::Idle, tokio::time::Instant::now() + idle.duration());
            }
            _ => self.timers.disarm(SessionTimer::Idle),
        }
    }
}
