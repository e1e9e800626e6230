//! A participant of a sealed room: a person and a connection.

use chattrace::seal::Applicant;
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
        transport: Box<dyn Transport>,
        ticket: &str,
        name: &str,
    ) -> Result<Self, Value> {
        Newcomer::request(transport, ticket, name)?.decision()
    }

    /// Breaks the connection; the person stays.
    pub(crate) fn disconnect(self) -> Member {
        self.member
    }

    /// Returns over a WebSocket, to read on after the latest event.
    pub(crate) fn resume(link: &Link, member: Member) -> Self {
        Self::return_over(Box::new(socket(link)), member, false)
    }

    /// Returns over a WebSocket to the present.
    pub(crate) fn return_to_present(link: &Link, member: Member) -> Self {
        Self::return_over(Box::new(socket(link)), member, true)
    }

    /// Returns over any transport, by a line that asks to.
    pub(crate) fn return_over(
        mut transport: Box<dyn Transport>,
        member: Member,
        to_present: bool,
    ) -> Self {
        transport.send(&member.return_line(to_present));
        Self { transport, member, shown: Vec::new() }
    }

    /// Goes on by long polls, to read on or in the present.
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

    /// The next line of this kind in which nothing is sealed.
    pub(crate) fn until_line(&mut self, kind: &str) -> Value {
        let is_wanted = |shown: &Shown| matches!(shown, Shown::Line(line) if line["t"] == kind);
        match self.until(is_wanted).pop() {
            Some(Shown::Line(line)) => line,
            other => panic!("{other:?}"),
        }
    }

    /// Everything that is shown up to the next change of the circle.
    pub(crate) fn until_circle(&mut self) -> Vec<Shown> {
        self.until(|shown| matches!(shown, Shown::Circle { .. }))
    }
}

/// A person who has asked to be let in.
pub(crate) struct Newcomer {
    transport: Box<dyn Transport>,
    applicant: Applicant,
}

impl Newcomer {
    /// Knocks, and asks; the error is the refusal of the knock.
    pub(crate) fn request(
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
        Ok(Self { transport, applicant })
    }

    /// Takes the line that says that the host was asked.
    pub(crate) fn expect_to_wait(&mut self) {
        assert_eq!(self.transport.next().unwrap()["t"], "waiting");
    }

    /// What comes of it, after a wait in the lobby as well; the error is the refusal, or the removal.
    pub(crate) fn decision(mut self) -> Result<Participant, Value> {
        let mut line = self.transport.next().unwrap();
        while line["t"] == "waiting" {
            line = self.transport.next().unwrap();
        }
        match line["t"].as_str() {
            Some("refused") if line["sealed"].is_string() => Err(refusal(&self.applicant, &line)),
            Some("refused" | "removed") => Err(line),
            _ => {
                let member = Member::welcomed(self.applicant, &line).unwrap();
                Ok(Participant { transport: self.transport, member, shown: Vec::new() })
            }
        }
    }
}
