//! The question about the event log: save, delete (the default, also without a terminal) or view.

use std::path::{Path, PathBuf};

use super::state::Console;
use crate::config::Logs;
use crate::log;
use crate::supervisor::session::AskAboutLog;
use crate::terminal;

/// How the event log is settled: by the configuration, or by the answer of the operator.
#[derive(Debug)]
pub(in crate::supervisor) struct LogQuestion {
    policy: Logs,
    archive_dir: Option<PathBuf>,
    stage: Stage,
    fate: LogFate,
    /// How long the answer is waited for; `None` is for ever.
    seconds: Option<u64>,
    /// Files that a save began, and that could not be removed.
    remains: Vec<String>,
}

/// How far the question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is not asked, not yet or no more.
    Closed,
    /// It is shown as soon as the terminal is in line mode.
    Due,
    /// It is on the screen, and not answered.
    Shown,
}

/// Whether the log ended as the operator wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum LogFate {
    /// Saved, or deleted as requested or by default.
    AsRequested,
    /// It was to be saved, which failed, and the operator has not chosen to delete it since.
    NotSaved,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LogAnswer {
    /// In this folder, or in the one of the configuration.
    Save(Option<PathBuf>),
    Delete,
    View,
    Unclear,
}

impl LogQuestion {
    /// A question that is not asked yet. Without `archive_dir` a log is saved in the working directory.
    pub(in crate::supervisor) fn new(policy: Logs, archive_dir: Option<PathBuf>) -> Self {
        let (fate, remains) = (LogFate::AsRequested, Vec::new());
        Self { policy, archive_dir, stage: Stage::Closed, fate, seconds: None, remains }
    }

    /// Settles the log; true once it is settled. If `ask` allows it, the operator is to be asked instead:
    /// see [`LogQuestion::show`].
    pub(in crate::supervisor) fn settle(
        &mut self,
        console: &mut Console,
        ask: AskAboutLog,
    ) -> bool {
        self.seconds = match ask {
            AskAboutLog::For(wait) => Some(wait.as_secs()),
            AskAboutLog::Yes | AskAboutLog::No => None,
        };
        let ask =
            ask != AskAboutLog::No && !console.screen.is_quiet() && terminal::is_interactive();
        let settled = match self.policy {
            // Without an operator who could answer, a log that cannot be saved is lost.
            Logs::Save => self.save(console, None, ask) || !ask,
            Logs::Delete => true,
            Logs::Ask => !ask,
        };
        if settled {
            self.cancel();
        } else {
            self.stage = Stage::Due;
        }
        settled
    }

    /// Shows the question if that is due. The terminal must be in line mode; what was typed before is
    /// dropped.
    pub(in crate::supervisor) fn show(&mut self, console: &Console) {
        if self.stage == Stage::Due {
            terminal::discard_typeahead();
            self.ask(console);
        }
    }

    /// Whether the next line that the operator types is the answer.
    pub(in crate::supervisor) fn is_open(&self) -> bool {
        self.stage != Stage::Closed
    }

    /// Acts on an answer; true once the log is settled.
    pub(in crate::supervisor) fn handle_answer(
        &mut self,
        console: &mut Console,
        answer: Option<&str>,
    ) -> bool {
        self.stage = Stage::Closed;
        self.seconds = None;
        let Some(answer) = answer else {
            // The terminal is gone: the default.
            return true;
        };
        match parse_answer(answer) {
            LogAnswer::Save(folder) if self.save(console, folder.as_deref(), true) => return true,
            LogAnswer::Delete => {
                self.fate = LogFate::AsRequested;
                return true;
            }
            LogAnswer::View => show_log(console),
            // A log that could not be saved is still there, and the question is asked again.
            LogAnswer::Save(_) | LogAnswer::Unclear => {}
        }
        self.ask(console);
        false
    }

    /// Whether the log ended as the operator wanted, as far as it is settled.
    pub(in crate::supervisor) fn fate(&self) -> LogFate {
        self.fate
    }

    /// Files that a save began, and that could not be removed, each with the reason.
    pub(in crate::supervisor) fn remains(&self) -> &[String] {
        &self.remains
    }

    /// Takes the question back: nothing more is read from the terminal.
    pub(in crate::supervisor) fn cancel(&mut self) {
        self.stage = Stage::Closed;
    }

    fn ask(&mut self, console: &Console) {
        let screen = &console.screen;
        let count = console.log.len();
        screen.print(&screen.wrapped(&format!(
            "log of who came and went, with names; no messages ({count} entries)"
        )));
        screen
            .print(&screen.wrapped(
                "[s]ave, [d]elete or [v]iew: s, d or v, then Enter (Enter alone deletes)",
            ));
        if let Some(seconds) = self.seconds {
            let text = format!("without an answer it is deleted in {seconds} s");
            screen.print(&screen.wrapped(&text));
        }
        self.stage = Stage::Shown;
    }

    /// Shows the log, writes it and shows where, or why not; true if it is written. `asks_again` says
    /// whether the operator can answer to a failure.
    fn save(&mut self, console: &mut Console, folder: Option<&Path>, asks_again: bool) -> bool {
        let folder = folder.or(self.archive_dir.as_deref()).unwrap_or(Path::new("."));
        // A relative path means nothing once its terminal is closed.
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        console.screen.print("  the file will contain exactly this:");
        show_log(console);
        match console.log.save(&folder, &log::now()) {
            Ok(path) => {
                self.fate = LogFate::AsRequested;
                console.show_log_saved(&path);
                true
            }
            Err(error) => {
                self.fate = LogFate::NotSaved;
                self.remains.extend(error.remains.as_ref().map(ToString::to_string));
                console.show_log_not_saved(&folder, &error.source, asks_again);
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

/// An answer, and behind `s` or `save` the folder, if another one than that of the configuration.
fn parse_answer(text: &str) -> LogAnswer {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    match (word.to_lowercase().as_str(), rest) {
        ("s" | "save", "") => LogAnswer::Save(None),
        ("s" | "save", folder) => LogAnswer::Save(Some(PathBuf::from(folder))),
        ("" | "d" | "delete", "") => LogAnswer::Delete,
        ("v" | "view", "") => LogAnswer::View,
        _ => LogAnswer::Unclear,
    }
}
