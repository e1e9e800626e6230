//! `chattrace-clean`: removes what dead sessions left, and on request everything else that
//! chattrace ever made.
//!
//! [`inventory`] looks and never changes anything; [`wipe`] removes what it found, one by one, and
//! counts only what it has seen gone; [`report`] tells. Nothing here follows a link, goes beyond a
//! mount, knows a pattern, or deletes a name that [`crate::paths`] does not know.
//!
//! [`guard`] is the same program in another office: one watches over every session.

mod cli;
mod guard;
mod inventory;
mod report;
mod sessions;
mod wipe;

use std::process::ExitCode;

use crate::config::{Config, ConfigError};
use crate::exit::Exit;
use crate::process;
use crate::terminal;

use cli::{Arguments, Choice, Deed, Task};
use inventory::{Inventory, Left};
use report::Report;

const NAME: &str = "chattrace-clean";

/// Runs the program.
pub fn main() -> ExitCode {
    process::close_inherited();
    terminal::install_panic_hook(NAME);
    let arguments = match terminal::parse_args::<Arguments>() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let exit = match arguments.into() {
        Task::Guard(run_dir, parent) => guard::run(&run_dir, parent),
        Task::Clean(_, Some(parent)) if process::tie_to_parent(parent).is_err() => Exit::Failed,
        Task::Clean(choice, _) => run(&choice).unwrap_or_else(|error| {
            terminal::print_error(NAME, &error);
            error.exit()
        }),
    };
    exit.into()
}

fn run(choice: &Choice) -> Result<Exit, ConfigError> {
    let config = Config::resolve(&choice.overrides)?;
    let (level, deed) = choice.settle(terminal::is_interactive());
    if level < choice.level.unwrap_or(level) {
        terminal::eprint_line(&format!(
            "{NAME}: nobody is there to be asked, so only what dead sessions left is removed; \
             say --yes for the rest"
        ));
    }
    let found = Inventory::take(level, config.archive_dir.as_deref());
    let mut report = Report::new(choice.form, deed);
    report.living(&found, level);
    report.list(&found.items);
    let exit = match deed {
        Deed::List => {
            list(&found, &mut report);
            report.listed(found.items.len());
            Exit::Ended
        }
        Deed::Ask if !found.items.is_empty() && !report.agreed() => {
            terminal::eprint_line("nothing was removed");
            Exit::Remains
        }
        Deed::Ask | Deed::Remove => remove(found, &mut report),
    };
    Ok(exit)
}

fn list(found: &Inventory, report: &mut Report) {
    for item in &found.items {
        report.would_remove(item);
    }
    for left in &found.left {
        report.left(left);
    }
}

fn remove(found: Inventory, report: &mut Report) -> Exit {
    for item in &found.items {
        match wipe::remove(item) {
            Ok(removal) => report.removed(item, removal),
            Err(why) => report.remains(item, &why),
        }
    }
    for left in &found.left {
        report.left(left);
    }
    let wanted = |left: &&Left| left.wanted;
    let refused = found.left.iter().filter(wanted).count();
    // Until here nobody else could take these sessions for their own.
    drop(found.held);
    report.end(refused)
}
