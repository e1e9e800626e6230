//! `chattrace-clean`: removes what dead sessions left, and on request all that chattrace created.
//!
//! [`search`] finds and never changes anything; [`wipe`] removes what was found, item by item, and
//! counts only what it has seen gone; [`report`] writes the result. Nothing here follows a link,
//! crosses a mount, expands a pattern, or deletes a name that [`crate::paths`] does not know.
//!
//! [`guard`] is the same program in another mode: one process per session, which cleans up when the
//! supervisor is killed.

mod cli;
mod guard;
mod inventory;
mod manual;
mod report;
mod search;
mod wipe;

pub(crate) use manual::manual;

use std::process::ExitCode;

use crate::config::{Config, ConfigError};
use crate::exit::Exit;
use crate::process::{self, RequiredCallError};
use crate::terminal;

use cli::{Action, CleanCli, NAME, Options, Task};
use inventory::Inventory;
use report::Report;

/// Why `chattrace-clean` cannot begin.
#[derive(Debug, thiserror::Error)]
enum CleanError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A system call is refused that every search and removal needs.
    #[error(transparent)]
    RequiredCall(#[from] RequiredCallError),
}

impl CleanError {
    fn exit(&self) -> Exit {
        match self {
            CleanError::Config(error) => error.exit(),
            CleanError::RequiredCall(_) => Exit::Unavailable,
        }
    }
}

/// Runs `chattrace-clean`, or with `--guard` the guard of one session.
pub fn main() -> ExitCode {
    if let Err(error) = process::reset_inheritance() {
        terminal::print_error(NAME, &error);
        return Exit::Unavailable.into();
    }
    terminal::install_panic_hook(NAME);
    let cli = match terminal::parse_args::<CleanCli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let exit = match cli.into() {
        Task::Guard { run_dir, parent } => guard::run(&run_dir, parent),
        Task::Clean(options) => clean(&options).unwrap_or_else(|error| {
            terminal::print_error(NAME, &error);
            error.exit()
        }),
    };
    exit.into()
}

fn clean(options: &Options) -> Result<Exit, CleanError> {
    if let Some(parent) = options.lifeline
        && process::become_service(parent).is_err()
    {
        return Ok(Exit::Failed);
    }
    if options.lifeline.is_none() {
        process::require_cleaning_calls()?;
    }
    let config = Config::resolve(&options.overrides)?;
    let (level, action) = options.resolve(terminal::is_interactive());
    if options.level.is_some_and(|requested| level < requested) {
        terminal::eprint_line(&format!(
            "{NAME}: cannot ask for confirmation without a terminal, so only what dead sessions left \
             is removed; add --yes to remove the rest"
        ));
    }
    let found = search::search(level, config.archive_dir.as_ref().map(|dir| dir.path.as_path()));
    let mut report = Report::new(options.format, action);
    report.print_running(&found.running, level);
    report.print_list(&found.items);
    let exit = match action {
        Action::List => list(&found, &mut report),
        Action::Ask if !found.items.is_empty() && !report.confirm() => {
            terminal::eprint_line("nothing was removed");
            Exit::Remains
        }
        Action::Ask | Action::Remove => remove(found, &mut report),
    };
    Ok(exit)
}

fn list(found: &Inventory, report: &mut Report) -> Exit {
    for item in &found.items {
        report.planned(item);
    }
    for kept in &found.kept {
        report.kept(kept);
    }
    report.finish_list(found.items.len())
}

fn remove(found: Inventory, report: &mut Report) -> Exit {
    for item in &found.items {
        match wipe::remove(item) {
            Ok(removal) => report.removed(item, removal),
            Err(reason) => report.remains(item, &reason),
        }
    }
    for kept in &found.kept {
        report.kept(kept);
    }
    let (refused, others) = (found.refused(), found.keeps_others());
    drop(found.locks);
    report.finish(refused, others)
}
