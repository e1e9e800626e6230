//! A participant of a sealed room: a person and a connection.

use serde_json::{Value, json};

use super::member::{Knocking, Member, Shown, refusal, request};
use super::transport::{Polls, Transport, socket};
use crate::session::stage::Link;

/// Dropping it breaks the connection, like a tab that crashed.
pub(crate) struct Participant {
    transport: Box<dyn Transport>,
    pub(crate) member: Member,
    /// All that [`Participant::next`] has returned.
    shown: Vec<Shown>,
}

impl Participant {
    /// Joins over a WebSocket, under a name that the host accepts.
    pub(crate) fn join(link: &Link, name: &str) -> Self {
        Self::join_by(Box::new(socket(link)), &link.ticket, name)
    }

    /// The same by long polls.
    pub(crate) fn join_by_polls(link: &Link, name: &str) -> Self {
        Self::join_by(Box::new(Polls::to(link)), &link.ticket, name)
    }

    /// The same over any transport.
    pub(crate) fn join_by(transport: Box<dyn Transport>, ticket: &str, name: &str) -> Self {
        Self::try_join(transport, ticket, name)
            .unwrap_or_else(|refusal| panic!("{name} was refused: {refusal}"))
    }

    /// Knocks, and asks to be let in; the error is the refusal.
    pub(crate) fn try_join(
        mut transport: Box<dyn Transport>,
        ticket: &str,
        name: &str,
    ) -> Result<Self, Value> {
        let knocking = Knocking::new(ticket);
        transport.send(&knocking.line());
        let answer = transport.next().unwrap();
        if answer["t"] == "refused" {
            return Err(answer);
        }
        let (applicant, line) = request(knocking.answered(&answer).unwrap(), name);
        transport.send(&line);
        let decision = transport.next().unwrap();
        match decision["t"].as_str() {
            Some("refused") if decision["sealed"].is_string() => {
                Err(refusal(&applicant, &decision))
            }
            Some("refused") => Err(decision),
            _ => {
                let member = Member::welcomed(applicant, &decision).unwrap();
                Ok(Self { transport, member, shown: Vec::new() })
            }
        }
    }

    /// Breaks the connection; the person stays.
    pub(crate) fn disconnect(self) -> Member {
        self.member
    }

    /// Returns over a WebSocket, to read on after the latest event.
    pub(crate) fn resume(link: &Link, member: Member) -> Self {
        let mut transport = socket(link);
        transport.send(&member.return_line(false));
        Self { transport: Box::new(transport), member, shown: Vec::new() }
    }

    /// Returns over a WebSocket to the present.
    pub(crate) fn return_to_present(link: &Link, member: Member) -> Self {
        let mut transport = socket(link);
        transport.send(&member.return_line(true));
        Self { transport: Box::new(transport), member, shown: Vec::new() }
    }

    /// The same by long polls.
    pub(crate) fn return_by_polls(link: &Link, member: Member, to_present: bool) -> Self {
        let after = (!to_present).then_some(member.seq);
        let transport = Polls::with_seat(link, &member.resume, after);
        Self { transport: Box::new(transport), member, shown: Vec::new() }
    }

    pub(crate) fn say(&mut self, text: &str) {
        let line = self.member.say(text);
        self.transport.send(&line);
    }

    pub(crate) fn leave(mut self) {
        self.transport.send(&json!({ "t": "leave" }));
    }

    pub(crate) fn send(&mut self, line: &Value) {
        self.transport.send(line);
    }

    /// The next line, which is not taken in; the error is the close code.
    pub(crate) fn next_line(&mut self) -> Result<Value, Option<u16>> {
        self.transport.next()
    }

    /// What the next line shows; the error is the close code.
    pub(crate) fn next(&mut self) -> Result<Shown, Option<u16>> {
        let line = self.transport.next()?;
        let shown = self.member.receive(&line);
        self.shown.push(shown.clone());
        Ok(shown)
    }

    /// Everything that is shown up to the first for which `is_wanted` holds, which is the last.
    pub(crate) fn until(&mut self, is_wanted: impl Fn(&Shown) -> bool) -> Vec<Shown> {
        let mut all = Vec::new();
        loop {
            match self.next() {
                Ok(shown) => all.push(shown),
                Err(code) => {
                    panic!("{} was closed with {code:?}: {:#?}", self.member.name(), self.shown)
                }
            }
            if all.last().is_some_and(&is_wanted) {
                return all;
            }
        }
    }

    /// Everything that is shown up to this message.
    pub(crate) fn until_said(&mut self, wanted: &str) -> Vec<Shown> {
        self.until(|shown| matches!(shown, Shown::Said { text, .. } if text == wanted))
    }

    /// Everything that is shown up to the next change of the circle.
    pub(crate) fn until_circle(&mut self) -> Vec<Shown> {
        self.until(|shown| matches!(shown, Shown::Circle { .. }))
    }
}
