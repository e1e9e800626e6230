//! `who`: asks the room's process by what everyone is connected, and answers without that if it is silent.

use std::time::Instant;

use super::super::asker::Asker;
use super::{EventLoop, NotDone};
use crate::control::{self, Connected, RoomOrder};
use crate::log;
use crate::supervisor::children::{ChildRole, Violation};
use crate::supervisor::operator::{Answer, Refused};
use crate::supervisor::session::SessionEvent;

/// Most who wait for one answer: the terminal, and each client of the control socket once.
const MAX_ASKERS: usize = 32;

impl EventLoop {
    /// Answers as soon as the room's process has, and in 2 s in any case.
    pub(in crate::supervisor::event_loop) fn ask_who(
        &mut self,
        asker: Asker,
    ) -> Option<SessionEvent> {
        if self.askers.len() == MAX_ASKERS {
            let text = "who is asked too often; wait for the answer";
            self.answer(asker, Err(Refused::because(text)));
            return None;
        }
        self.askers.push(asker);
        if !self.session.has_room() {
            self.answer_who(Instant::now());
            return None;
        }
        let request = self.connection_query.ask(Instant::now())?;
        match self.order_room(vec![RoomOrder::ListConnections { request }]) {
            Err(NotDone::Ends(event)) => Some(event),
            Err(NotDone::Refused(_)) | Ok(()) => None,
        }
    }

    /// Takes a part of the answer of the room's process.
    pub(in crate::supervisor::event_loop) fn take_connections(
        &mut self,
        request: u64,
        connections: Vec<(u32, Connected)>,
        is_last: bool,
    ) -> Option<SessionEvent> {
        match self.connection_query.take(request, connections, is_last) {
            Ok(true) => self.answer_who(Instant::now()),
            Ok(false) => {}
            Err(error) => {
                let violation = Violation::Hostile(error.to_string());
                return Some(self.handle_violation(ChildRole::Serve, violation));
            }
        }
        None
    }

    /// Answers with what is known at `now`, if that is due.
    pub(in crate::supervisor::event_loop) fn answer_overdue_who(&mut self, now: Instant) {
        if self.connection_query.deadline().is_some_and(|deadline| deadline <= now) {
            self.answer_who(now);
        }
    }

    fn answer_who(&mut self, now: Instant) {
        let connections = self.connection_query.close();
        let roster = self.room.roster(&connections, now, log::time_of_day);
        for asker in std::mem::take(&mut self.askers) {
            match asker {
                Asker::Client { response, wants_data: true } => {
                    drop(response.send(control::Answer::Body(roster.to_response())));
                }
                asker @ (Asker::Terminal | Asker::Client { .. }) => {
                    self.answer(asker, Ok(Answer::Told(roster.to_string())))
                }
            }
        }
    }
}
