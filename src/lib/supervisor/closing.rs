//! The question about the event log: save, delete or view. Delete is the default, and the answer
//! when nobody can answer.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::board::Board;
use super::services::Input;
use crate::config::Logs;
use crate::log;
use crate::terminal;

/// What becomes of the event log.
#[derive(Debug)]
pub(super) struct Closing {
    logs: Logs,
    folder: Option<PathBuf>,
    /// Waits for the answer.
    question: Option<tokio::task::JoinHandle<()>>,
}

/// What the operator may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Save,
    Delete,
    View,
    Unclear,
}

impl Closing {
    /// As configured.
    pub(super) fn new(logs: Logs, folder: Option<PathBuf>) -> Self {
        Self { logs, folder, question: None }
    }

    /// Settles the log, or asks; `true` once it is settled.
    pub(super) fn settle(
        &mut self,
        board: &mut Board,
        inputs: &mpsc::Sender<Input>,
        ask: bool,
    ) -> bool {
        match self.logs {
            // Nobody is asked, so what could not be saved is said and lost.
            Logs::Save => {
                self.save(board);
            }
            Logs::Delete => {}
            Logs::Ask if ask && !board.screen().is_quiet() && terminal::is_interactive() => {
                terminal::discard_typeahead();
                self.ask(board, inputs);
                return false;
            }
            Logs::Ask => {}
        }
        self.forget();
        true
    }

    /// Takes an answer; `true` once the log is settled.
    pub(super) fn answered(
        &mut self,
        board: &mut Board,
        inputs: &mpsc::Sender<Input>,
        answer: Option<&str>,
    ) -> bool {
        match answer.map_or(Answer::Delete, understood) {
            Answer::Save if self.save(board) => return true,
            Answer::Delete => return true,
            Answer::View => show(board),
            // What was not saved is still here.
            Answer::Save | Answer::Unclear => {}
        }
        self.ask(board, inputs);
        false
    }

    /// Asks nobody any more.
    pub(super) fn forget(&mut self) {
        if let Some(question) = self.question.take() {
            question.abort();
        }
    }

    fn ask(&mut self, board: &Board, inputs: &mpsc::Sender<Input>) {
        let count = board.log().len();
        board.screen().print(&format!("  event log ({count} entries, no message text):"));
        board.screen().print("  [s]ave   [d]elete (Enter)   [v]iew");
        let inputs = inputs.clone();
        self.question = Some(tokio::spawn(async move {
            let answer = terminal::read_line().await;
            let _ = inputs.send(Input::Answer(answer)).await;
        }));
    }

    /// Shows the log, saves it and says where, or why not; `true` if it is saved.
    fn save(&self, board: &mut Board) -> bool {
        let folder = self.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        // The path is shown, and a relative one says little in a terminal that is closed later.
        let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
        board.screen().print("  this is written, and nothing else:");
        show(board);
        match board.log().save(&folder, &log::now()) {
            Ok(path) => board.saved(&path),
            Err(error) => {
                board.not_saved(&folder, &error);
                return false;
            }
        }
        true
    }
}

/// The log as it would be written.
fn show(board: &Board) {
    let text = board.log().text();
    for line in text.lines() {
        board.screen().print(&format!("    {}", board.screen().wrap(line, 8)));
    }
}

fn understood(text: &str) -> Answer {
    match text.to_lowercase().as_str() {
        "s" | "save" => Answer::Save,
        "" | "d" | "delete" => Answer::Delete,
        "v" | "view" => Answer::View,
        _ => Answer::Unclear,
    }
}
