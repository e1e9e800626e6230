//! The question about the event log: save, delete (the default, also without a terminal) or view.

use std::path::PathBuf;

use super::state::Console;
use crate::config::Logs;
use crate::log;
use crate::terminal;

/// How the event log is settled: by the configuration, or by the answer of the operator.
#[derive(Debug)]
pub(in crate::supervisor) struct LogQuestion {
    policy: Logs,
    archive_dir: Option<PathBuf>,
    /// Whether the question is on the screen and not answered.
    open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogAnswer {
    Save,
    Delete,
    View,
    Unclear,
}

impl LogQuestion {
    /// A question that is not asked yet. Without `archive_dir` a log is saved in the working directory.
    pub(in crate::supervisor) fn new(policy: Logs, archive_dir: Option<PathBuf>) -> Self {
        Self { policy, archive_dir, open: false }
    }

    /// Settles the log, or asks the operator if `ask` allows it; true once it is settled.
    pub(in crate::supervisor) fn settle(&mut self, console: &mut Console, ask: bool) -> bool {
        match self.policy {
            // A log that cannot be saved is lost: the operator reads why, and is not asked.
            Logs::Save => {
                self.save(console);
            }
            Logs::Delete => {}
            Logs::Ask if ask && !console.screen.is_quiet() && terminal::is_interactive() => {
                terminal::discard_typeahead();
                self.ask(console);
                return false;
            }
            Logs::Ask => {}
        }
        self.cancel();
        true
    }

    /// Waits for the line that the operator types; `None` when the terminal is gone. Never returns
    /// while the question is not open. Cancel safe.
    pub(in crate::supervisor) async fn answer(&self) -> Option<String> {
        if !self.open {
            std::future::pending().await
        }
        terminal::read_line().await
    }

    /// Acts on an answer; true once the log is settled.
    pub(in crate::supervisor) fn handle_answer(
        &mut self,
        console: &mut Console,
        answer: Option<&str>,
    ) -> bool {
        self.open = false;
        match answer.map_or(LogAnswer::Delete, parse_answer) {
            LogAnswer::Save if self.save(console) => return true,
            LogAnswer::Delete => return true,
            LogAnswer::View => show_log(console),
            // A log that could not be saved is still there, and the question is asked again.
            LogAnswer::Save | LogAnswer::Unclear => {}
        }
        self.ask(console);
        false
    }

    /// Takes the question back: nothing more is read from the terminal.
    pub(in crate::supervisor) fn cancel(&mut self) {
        self.open = false;
    }

    fn ask(&mut self, console: &Console) {
        let count = console.log.len();
        console.screen.print(&format!("  event log ({count} entries, no message text):"));
        console.screen.print("  [s]ave   [d]elete (Enter)   [v]iew");
        self.open = true;
    }

    /// Shows the log, writes it and shows where, or why not; true if it is written.
    fn save(&self, console: &mut Console) -> bool {
        let folder = self.archive_dir.clone().unwrap_or_else(|| PathBuf::from("."));
        // A relative path means nothing once its terminal is closed.
        let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
        console.screen.print("  the file will hold exactly this:");
        show_log(console);
        match console.log.save(&folder, &log::now()) {
            Ok(path) => {
                console.show_log_saved(&path);
                true
            }
            Err(error) => {
                console.show_log_not_saved(&folder, &error);
                false
            }
        }
    }
}

/// Shows the log exactly as it would be written.
fn show_log(console: &Console) {
    for line in console.log.text().lines() {
        console.screen.print(&format!("    {}", console.screen.wrap(line, 8)));
    }
}

fn parse_answer(text: &str) -> LogAnswer {
    match text.to_lowercase().as_str() {
        "s" | "save" => LogAnswer::Save,
        "" | "d" | "delete" => LogAnswer::Delete,
        "v" | "view" => LogAnswer::View,
        _ => LogAnswer::Unclear,
    }
}
