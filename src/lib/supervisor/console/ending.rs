//! The lines about the end, from the request to what remains.

use std::path::Path;

use super::{Console, ConsoleEvent};
use crate::log::LogEntry;
use crate::supervisor::session::{EndReason, EndRequest};
use crate::terminal::{Mark, escape_control};

impl Console {
    /// The session ends.
    pub(in crate::supervisor) fn ending(&mut self, cause: &EndReason) {
        self.screen.clear_status();
        self.note(LogEntry::Ended);
        let (mark, text) = match cause {
            EndReason::EndRequest(EndRequest::Operator | EndRequest::Terminated) => {
                (Mark::Note, "ending; everybody is told".to_owned())
            }
            EndReason::EndRequest(EndRequest::TerminalClosed) => {
                (Mark::Note, "the terminal is closed".to_owned())
            }
            EndReason::EndRequest(EndRequest::ReaderGone) => {
                (Mark::Note, "nobody reads the output any more".to_owned())
            }
            EndReason::EndRequest(EndRequest::WriterGone) => {
                (Mark::Note, "standard input has ended".to_owned())
            }
            EndReason::EndRequest(EndRequest::Remotely) => (Mark::Note, "asked to end".to_owned()),
            EndReason::NoTunnel(why) | EndReason::Failed(why) => (Mark::Bad, escape_control(why)),
            EndReason::Unconfined(missing) => (
                Mark::Bad,
                format!(
                    "confinement was required and is not whole: {}; take a newer kernel, or leave \
                     out --require-confinement",
                    escape_control(missing)
                ),
            ),
        };
        self.json(&ConsoleEvent::LogQuestion { text: &text });
        match mark {
            Mark::Bad => {
                self.screen.force_line(&self.screen.wrap(&format!("chattrace: {text}"), 2))
            }
            Mark::Good | Mark::Warning | Mark::Note => {
                self.screen.line("");
                self.screen.marked(mark, &text);
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
            self.screen.sign(Mark::Bad),
            escape_control(&folder.display().to_string())
        ));
    }

    /// The very last line.
    pub(in crate::supervisor) fn finished(&mut self, remains: &[String]) {
        self.screen.clear_status();
        self.json(&ConsoleEvent::Closed { remains });
        if remains.is_empty() {
            self.screen.line(&format!("  {} nothing remains", self.screen.sign(Mark::Good)));
            return;
        }
        for thing in remains {
            let text = format!("remains: {}", escape_control(thing));
            self.screen.force_line(&format!(
                "  {} {}",
                self.screen.sign(Mark::Bad),
                self.screen.wrap(&text, 4)
            ));
        }
    }
}
