//! What the operator types at the session's own terminal.

use super::asker::Asker;
use super::state::EventLoop;
use crate::command::{self, Command, CommandError, Completion};
use crate::supervisor::operator::Place;
use crate::supervisor::session::{SessionEvent, SessionTimer};
use crate::terminal::{InputUse, Typed, escape_control};

/// Most candidates of a completion that are shown.
const MAX_CANDIDATES: usize = 12;

impl EventLoop {
    /// What a line that is typed now means.
    pub(super) fn input_use(&self) -> InputUse {
        match (self.log_question.is_open(), self.session.phase().takes_commands()) {
            (true, _) => InputUse::Answer,
            (false, true) => InputUse::Commands,
            (false, false) => InputUse::Nothing,
        }
    }

    /// Acts on what the operator typed. A completion is for [`EventLoop::complete`].
    pub(super) fn handle_typed(&mut self, typed: Typed) -> Option<SessionEvent> {
        match typed {
            Typed::Line(line) => return self.handle_line(Some(&line)),
            Typed::EndOfInput => return self.handle_line(None),
            Typed::ModesSaved(modes) => self.children.protect_modes(modes),
            Typed::Complete { .. } => {}
        }
        None
    }

    /// Acts on a line that the operator typed: an answer, if the question is open. `panic` is none.
    fn handle_line(&mut self, line: Option<&str>) -> Option<SessionEvent> {
        let command = line.map(command::parse);
        if self.log_question.is_open() && !matches!(command, Some(Ok(Command::Panic))) {
            // The operator is there after all.
            self.timers.disarm(SessionTimer::Answer);
            let settled = self.log_question.handle_answer(&mut self.console, line);
            return settled.then_some(SessionEvent::LogSettled);
        }
        match command {
            Some(Ok(command)) => return self.carry_out(command, Asker::Terminal),
            // In line mode, Enter has moved the cursor into the footer.
            Some(Err(CommandError::Empty)) => self.console.redraw(),
            Some(Err(error)) => self.console.show_hint(&error.to_string()),
            None => self.console.show_hint("help lists the commands; Ctrl+C ends the session"),
        }
        None
    }

    /// Completes the line that is typed, and shows the candidates if there are several.
    pub(super) fn complete(&self, line: &str, cursor: usize) -> Completion {
        let people = self.room.people();
        let places = [Place::Room, Place::Lobby].into_iter();
        let people = places.flat_map(|place| people.at(place));
        let names: Vec<String> =
            people.map(|(_, person)| escape_control(&person.participant.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let completion = command::complete(line, cursor, &names);
        let typed = line.get(completion.start..cursor).unwrap_or_default();
        if completion.candidates.len() > 1 && completion.replacement == typed {
            self.console.show_hint(&listed(&completion.candidates));
        }
        completion
    }
}

fn listed(candidates: &[String]) -> String {
    let shown = candidates.iter().take(MAX_CANDIDATES).map(String::as_str);
    let more = candidates.len().saturating_sub(MAX_CANDIDATES);
    let more = (more > 0).then(|| format!("and {more} more"));
    shown.chain(more.as_deref()).collect::<Vec<_>>().join("  ")
}
