//! What the operator ordered and is told about it, and who asks to be let in.

use std::time::Instant;

use super::link::RoomLinks;
use super::state::Console;
use super::stdout::ConsoleEvent;
use crate::log::{LogEntry, RoomChange};
use crate::supervisor::operator::{Answer, Refused};
use crate::terminal::{Severity, escape_control};

impl Console {
    /// Shows a change, records it in the event log, and reports it to programs.
    /// Returns the line.
    pub(in crate::supervisor) fn show_change(&mut self, change: &RoomChange) -> String {
        self.report_change(change);
        self.show_to_operator(change)
    }

    /// Shows a change and records it, and reports it to no program. Returns the line.
    pub(in crate::supervisor) fn show_to_operator(&mut self, change: &RoomChange) -> String {
        let change = change.clone().map_name(escape_control);
        let line = change.to_string();
        self.print_event(&line);
        self.record(LogEntry::Changed(change));
        line
    }

    /// Reports a change to programs, and to no one else.
    pub(in crate::supervisor) fn report_change(&mut self, change: &RoomChange) {
        self.stdout.event(&ConsoleEvent::Changed(change));
    }

    /// Shows the answer to a command that was typed, as far as it is not on the screen already.
    pub(in crate::supervisor) fn show_answer(&self, answer: Result<Answer, Refused>) {
        match answer {
            Ok(Answer::Told(lines)) => self.print_lines(&lines),
            Ok(Answer::Changed { more: Some(more), .. }) => self.print_lines(&more),
            Ok(Answer::Changed { more: None, .. } | Answer::Shown) => {}
            Err(refused) => self.show_hint(&refused.to_string()),
        }
    }

    /// Shows one sentence about what was typed.
    pub(in crate::supervisor) fn show_hint(&self, text: &str) {
        self.screen.print_notice(Severity::Info, text);
    }

    /// Shows the link of an invite, and its QR code if it fits.
    pub(in crate::supervisor) fn show_invite(&mut self, links: &RoomLinks) {
        let code = self.show_qr.then(|| self.code(links).unwrap_or_default());
        let mut lines = code.unwrap_or_default();
        lines.extend([String::new(), self.screen.bold(links.main()), String::new()]);
        self.screen.print(&lines.join("\n"));
    }

    /// Rings the terminal's bell for a person who comes in or knocks, if the operator wants it.
    pub(in crate::supervisor) fn ring(&mut self, now: Instant) {
        if self.bell.rings(now) {
            self.screen.ring();
        }
    }

    /// Draws the bottom of the screen, into which the terminal may have written.
    pub(in crate::supervisor) fn redraw(&self) {
        self.screen.redraw();
    }

    /// Prints the lines of a list. What a narrow window breaks is indented, so that each entry is seen.
    fn print_lines(&self, lines: &str) {
        for line in lines.lines() {
            self.screen.print(&format!("  {}", self.screen.wrap(line, 4)));
        }
    }
}
