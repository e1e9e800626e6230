//! Carries out what the operator orders, from whichever side it comes.

mod links;
mod people;
mod rules;
mod time;
mod who;

use super::asker::{Asker, response_body};
use super::clock::read_clocks;
use super::state::EventLoop;
use crate::chat::MessageText;
use crate::command::{Command, help};
use crate::control::{self, RoomOrder};
use crate::log::{RoomChange, WholeRoomChange};
use crate::supervisor::operator::{Answer, Refused};
use crate::supervisor::session::{EndReason, EndRequest, SessionEvent};

/// Why a command was not carried out.
#[derive(Debug)]
pub(super) enum NotDone {
    Refused(Refused),
    /// The session cannot go on.
    Ends(SessionEvent),
}

impl From<Refused> for NotDone {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// [`NotDone`] with this sentence.
pub(super) fn refuse(sentence: impl Into<String>) -> NotDone {
    NotDone::Refused(Refused::because(sentence))
}

impl EventLoop {
    /// Carries out `command` and answers `asker`: at once, but for `who`. Returns the event that the
    /// session takes from it, if any.
    pub(super) fn carry_out(&mut self, command: Command, asker: Asker) -> Option<SessionEvent> {
        let is_over = self.session.phase().is_ending();
        match command {
            Command::Panic => return Some(self.panic(asker)),
            Command::Help(topic) => self.answer(asker, Ok(Answer::Told(help(topic)))),
            _ if is_over => self.answer(asker, Err(Refused::because("the session is ending"))),
            Command::Who => return self.ask_who(asker),
            Command::End(None) => {
                let text = "ending the session; every participant is told".to_owned();
                self.answer(asker, Ok(Answer::Changed { line: text, more: None }));
                return Some(SessionEvent::End(EndReason::Requested(EndRequest::Command)));
            }
            Command::Say(_)
            | Command::Kick(_)
            | Command::Mute(..)
            | Command::Unmute(_)
            | Command::Slow(_)
            | Command::Lock
            | Command::Unlock
            | Command::LobbyOn
            | Command::LobbyOff
            | Command::Admit(_)
            | Command::Refuse(_)
            | Command::Link
            | Command::Relink
            | Command::Invite { .. }
            | Command::Links
            | Command::Revoke(_)
            | Command::Clear
            | Command::Fade(_)
            | Command::End(Some(_))
            | Command::Stay => return self.change_and_answer(command, asker),
        }
        None
    }

    fn change_and_answer(&mut self, command: Command, asker: Asker) -> Option<SessionEvent> {
        match self.change(command, asker.is_terminal()) {
            Ok(answer) => self.answer(asker, Ok(answer)),
            Err(NotDone::Refused(refused)) => self.answer(asker, Err(refused)),
            Err(NotDone::Ends(event)) => {
                self.answer(asker, Err(Refused::because("the session is ending")));
                return Some(event);
            }
        }
        None
    }

    /// Carries out a command that is answered at once.
    fn change(&mut self, command: Command, on_terminal: bool) -> Result<Answer, NotDone> {
        let now = read_clocks();
        match command {
            Command::Say(text) => self.say(&text),
            Command::Kick(who) => self.kick(&who, now),
            Command::Mute(who, span) => self.mute(&who, span, now),
            Command::Unmute(who) => self.unmute(&who, now),
            Command::Slow(span) => self.slow(span),
            Command::Fade(span) => self.fade(span),
            Command::Lock => self.lock(true),
            Command::Unlock => self.lock(false),
            Command::LobbyOn => self.lobby(true),
            Command::LobbyOff => self.lobby(false),
            Command::Admit(applicants) => self.admit(&applicants, now),
            Command::Refuse(applicants) => self.refuse_applicants(&applicants, now),
            Command::Link => self.show_link_again(on_terminal),
            Command::Relink => self.relink(on_terminal),
            Command::Invite { people, within } => self.invite(people, within, on_terminal, now),
            Command::Links => Ok(self.list_links(now)),
            Command::Revoke(link) => self.revoke(link, now),
            Command::Clear => self.clear(),
            Command::End(Some(span)) => self.end_in(span, now),
            Command::Stay => self.stay(),
            // `carry_out` does these itself.
            Command::Who | Command::End(None) | Command::Panic | Command::Help(_) => {
                Ok(Answer::Shown)
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<Answer, NotDone> {
        self.require_room()?;
        let text = MessageText::parse(text, self.config.room.message_bytes)
            .map_err(|error| refuse(error.to_string()))?;
        self.order_announcement(text.as_str())?;
        Ok(self.changed(WholeRoomChange::Announced.into()))
    }

    fn clear(&mut self) -> Result<Answer, NotDone> {
        self.require_room()?;
        self.order_room(vec![RoomOrder::Clear])?;
        Ok(self.changed(WholeRoomChange::Cleared.into()))
    }

    /// Answers a command.
    pub(super) fn answer(&self, asker: Asker, answer: Result<Answer, Refused>) {
        match asker {
            Asker::Terminal => self.console.show_answer(answer),
            // A client who has gone changes nothing.
            Asker::Client { response, .. } => {
                drop(response.send(control::Answer::Body(response_body(answer))));
            }
        }
    }

    /// Shows and records a change.
    fn changed(&mut self, change: RoomChange) -> Answer {
        let line = self.console.show_change(&change);
        Answer::Changed { line, more: None }
    }

    /// Fails before the room is open.
    fn require_room(&self) -> Result<(), Refused> {
        if self.session.has_room() {
            Ok(())
        } else {
            Err(Refused::because("the room is not open yet"))
        }
    }
}
