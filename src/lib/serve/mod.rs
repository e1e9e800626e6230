//! `chattrace-serve`: HTTP and the room, in memory alone.
//!
//! Under a supervisor, it inherits its listener as standard output, receives its settings over the
//! control channel, and ends when that channel is closed. Without one, it opens a listener itself,
//! prints the link, and ends when the reader of its standard output does.

mod cli;
mod confined;
mod error;
mod fanout;
mod hub;
mod limits;
mod manual;
mod service;
mod standalone;
mod supervised;
mod web;
mod websocket;

pub(crate) use manual::manual;

use std::process::ExitCode;

use crate::exit::Exit;
use crate::memory;
use crate::process;
use crate::terminal;
use cli::ServeCli;
use confined::Confined;
use error::ServeError;
use standalone::Standalone;

/// Runs `chattrace-serve`; see its `--help`.
pub fn main() -> ExitCode {
    if let Err(error) = process::reset_inheritance() {
        terminal::print_error("chattrace-serve", &error);
        return Exit::Unavailable.into();
    }
    terminal::install_panic_hook("chattrace-serve");
    let cli = match terminal::parse_args::<ServeCli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Some(parent) = cli.lifeline
        && let Err(error) = process::become_service(parent)
    {
        terminal::print_error("chattrace-serve", &error);
        return Exit::Failed.into();
    }
    let exit = run(&cli).unwrap_or_else(|error| {
        terminal::print_error("chattrace-serve", &error);
        error.exit()
    });
    // All sockets are closed and all tasks dropped by now.
    memory::wipe_and_exit(exit.code())
}

fn run(cli: &ServeCli) -> Result<Exit, ServeError> {
    // First everything that needs files or privileges: confinement takes both away.
    let standalone = match cli.lifeline {
        Some(_) => None,
        None if cli.explain_limits() => return standalone::explain_limits(cli),
        None => Some(Standalone::prepare(cli)?),
    };
    process::raise_file_limit();
    let confined = Confined::begin();
    // One thread: all its memory can be locked, and one core carries more than any tunnel does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match standalone {
            Some(standalone) if cli.self_test && cli.json => {
                confined.report(standalone.listener()).await
            }
            Some(standalone) if cli.self_test => confined.self_test(standalone.listener()).await,
            Some(standalone) => standalone.run(cli, confined).await,
            None => supervised::run(confined).await,
        }
    })
}
