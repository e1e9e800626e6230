//! The lines about the end of a session: its reason, the saved event log, what remains.

use std::path::Path;

use super::state::Console;
use super::stdout::ConsoleEvent;
use crate::log::{EventLog, LogEntry};
use crate::process::IncompleteConfinement;
use crate::supervisor::session::{EndReason, EndRequest};
use crate::terminal::{Severity, escape_control};

impl Console {
    /// Shows why the session ends. A failure is shown even with `--quiet`.
    pub(in crate::supervisor) fn show_end(&mut self, reason: &EndReason) {
        self.is_ending = true;
        self.screen.clear_footer();
        self.record(LogEntry::Ended);
        let text = end_text(reason);
        self.stdout.event(&ConsoleEvent::Closing { text: &text });
        match reason {
            EndReason::Requested(_) => {
                self.screen.print("");
                self.screen.print_notice(Severity::Info, &text);
            }
            EndReason::NoTunnel(_)
            | EndReason::Unconfined(_)
            | EndReason::OutputFailed(_)
            | EndReason::Failed(_) => {
                self.screen.force_line(&self.screen.wrap(&format!("chattrace: {text}"), 2));
            }
        }
    }

    /// Shows where the event log was written, even with `--quiet`.
    pub(in crate::supervisor) fn show_log_saved(&mut self, path: &Path) {
        self.log_is_saved = true;
        let path = escape_control(&path.display().to_string());
        self.screen.force_line(&format!("  event log saved: {path}"));
    }

    /// Shows why there is no file, and the next step, even with `--quiet`.
    pub(in crate::supervisor) fn show_log_not_saved(
        &self,
        folder: &Path,
        error: &std::io::Error,
        asks_again: bool,
    ) {
        let folder = escape_control(&folder.display().to_string());
        let next = if asks_again {
            "make room there and save it again, or type s and another folder"
        } else {
            "it is lost; the next time make room there, or choose another folder with --archive-dir"
        };
        self.screen.force_line(&format!(
            "  {} the event log could not be saved in {folder}: {error}; {next}",
            self.screen.symbol(Severity::Error),
        ));
    }

    /// Forgets the event log. The screen is cleared with the last line.
    pub(in crate::supervisor) fn show_panic(&mut self) {
        self.is_ending = true;
        self.panic = Some(String::new());
        self.log = EventLog::default();
        self.screen.clear_footer();
        self.stdout.event(&ConsoleEvent::Closing { text: "panic" });
    }

    /// The last line after `panic`.
    fn panic_over_text(&self, remains: &[String]) -> String {
        match remains {
            [] if self.log_is_saved => "panic: nothing else remains".to_owned(),
            [] => "panic: nothing remains".to_owned(),
            _ => escape_control(&format!("panic: remains: {}", remains.join(", "))),
        }
    }

    /// Shows the last lines: that nothing remains, except a log that was saved, or each thing that does.
    pub(in crate::supervisor) fn show_finished(&mut self, remains: &[String]) {
        self.screen.clear_footer();
        self.stdout.event(&ConsoleEvent::Closed { remains });
        if self.panic.is_some() {
            self.panic = Some(self.panic_over_text(remains));
            return;
        }
        if remains.is_empty() {
            let text = if self.log_is_saved { "nothing else remains" } else { "nothing remains" };
            self.screen.print_notice(Severity::Ok, text);
            return;
        }
        for thing in remains {
            let text = format!("remains: {}", escape_control(thing));
            self.screen.force_line(&format!(
                "  {} {}",
                self.screen.symbol(Severity::Error),
                self.screen.wrap(&text, 4)
            ));
        }
    }
}

fn end_text(reason: &EndReason) -> String {
    match reason {
        EndReason::Requested(
            EndRequest::Interrupt | EndRequest::Terminate | EndRequest::Command,
        ) => "ending the session; every participant is told".to_owned(),
        EndReason::Requested(EndRequest::TimeOver) => {
            "the time of this session is over; every participant is told".to_owned()
        }
        EndReason::Requested(EndRequest::Idle) => {
            "no one has been in the room for as long as --idle allows".to_owned()
        }
        EndReason::Requested(EndRequest::TerminalClosed) => "the terminal was closed".to_owned(),
        EndReason::Requested(EndRequest::StdoutClosed) => {
            "the program that reads the link has ended".to_owned()
        }
        EndReason::Requested(EndRequest::StdinClosed) => "standard input has ended".to_owned(),
        EndReason::Requested(EndRequest::ControlSocket) => {
            "stopped over the control socket".to_owned()
        }
        EndReason::NoTunnel(why) | EndReason::OutputFailed(why) | EndReason::Failed(why) => {
            escape_control(why)
        }
        EndReason::Unconfined(missing) => {
            IncompleteConfinement(escape_control(missing)).to_string()
        }
    }
}
