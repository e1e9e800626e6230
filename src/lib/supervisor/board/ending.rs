//! The lines about the end, from the request to what remains.

use std::path::Path;

use super::super::session::{Asked, Cause};
use super::{Board, Event};
use crate::log::LogEntry;
use crate::terminal::{Severity, escape_control};

impl Board {
    /// The session ends.
    pub(in crate::supervisor) fn ending(&mut self, cause: &Cause) {
        self.screen.clear_status();
        self.note(LogEntry::Ended);
        let (mark, text) = match cause {
            Cause::Asked(Asked::Operator | Asked::Terminated) => {
                (Severity::Info, "ending; everybody is told".to_owned())
            }
            Cause::Asked(Asked::TerminalClosed) => {
                (Severity::Info, "the terminal is closed".to_owned())
            }
            Cause::Asked(Asked::ReaderGone) => {
                (Severity::Info, "nobody reads the output any more".to_owned())
            }
            Cause::Asked(Asked::WriterGone) => {
                (Severity::Info, "standard input has ended".to_owned())
            }
            Cause::Asked(Asked::Remotely) => (Severity::Info, "asked to end".to_owned()),
            Cause::NoTunnel(why) | Cause::Failed(why) => (Severity::Error, escape_control(why)),
            Cause::Unconfined(missing) => (
                Severity::Error,
                format!(
                    "confinement is required but incomplete: {}; use a newer kernel, or leave \
                     out --require-confinement",
                    escape_control(missing)
                ),
            ),
        };
        self.json(&Event::Closing { text: &text });
        match mark {
            Severity::Error => {
                self.screen.force_line(&self.screen.wrap(&format!("chattrace: {text}"), 2))
            }
            Severity::Ok | Severity::Warning | Severity::Info => {
                self.screen.print("");
                self.screen.print_notice(mark, &text);
            }
        }
    }

    /// The event log was written.
    pub(in crate::supervisor) fn saved(&self, path: &Path) {
        self.screen.force_line(&format!(
            "  event log saved: {}",
            escape_control(&path.display().to_string())
        ));
    }

    /// The event log could not be written.
    pub(in crate::supervisor) fn not_saved(&self, folder: &Path, error: &std::io::Error) {
        self.screen.force_line(&format!(
            "  {} the event log could not be saved in {}: {error}; choose another folder with \
             --archive-dir",
            self.screen.symbol(Severity::Error),
            escape_control(&folder.display().to_string())
        ));
    }

    /// The very last line.
    pub(in crate::supervisor) fn finished(&mut self, remains: &[String]) {
        self.screen.clear_status();
        self.json(&Event::Closed { remains });
        if remains.is_empty() {
            self.screen.print(&format!("  {} nothing remains", self.screen.symbol(Severity::Ok)));
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
