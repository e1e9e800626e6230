//! `chattrace-tunnel`: a public address for a web server on this computer, by cloudflared.
//!
//! | | |
//! |---|---|
//! | rules, without I/O and clock | [`attempt`]: what a line of cloudflared means, what follows from it, every error as a sentence · [`origin`] |
//! | mechanism | [`cloudflared`] (the child process), [`exec`] (what it runs before it is cloudflared), [`output_reader`] · [`metrics`] (its metrics port) · [`locate`], [`program_file`], [`install`] · [`cooldown`] |
//! | control flow | [`lifecycle`]: [`prepare`], then [`run_attempt`] · requests from [`standalone`] or [`supervised`], states to a [`status_sink`] |
//!
//! The public name is never resolved here and no request is made to it: a look-up before it exists is
//! cached as "does not exist" for half an hour, by every resolver on the way.

mod attempt;
mod cli;
mod cloudflared;
mod context;
mod cooldown;
mod exec;
mod install;
mod lifecycle;
mod locate;
mod manual;
mod metrics;
mod origin;
mod output_reader;
mod prepare;
mod program_file;
mod progress;
mod run_attempt;
mod screen;
mod standalone;
mod status_sink;
mod stdin_origin;
mod stdout;
mod supervised;

pub(crate) use manual::manual;

use std::process::ExitCode;

use cli::{NAME, TunnelCli};

use crate::exit::Exit;
use crate::process::{self, RequiredCallError};
use crate::terminal;

/// Runs `chattrace-tunnel`; with `exec` as its first argument, becomes a confined cloudflared.
pub fn main() -> ExitCode {
    if let Err(error) = process::reset_inheritance() {
        terminal::print_error(NAME, &error);
        return Exit::Unavailable.into();
    }
    terminal::install_panic_hook(NAME);
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|arg| arg == process::EXEC_COMMAND) {
        return exec::main(args).into();
    }
    let cli = match terminal::parse_args::<TunnelCli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Some(parent) = cli.lifeline
        && process::become_service(parent).is_err()
    {
        return Exit::Failed.into();
    }
    if let Err(error) = process::harden() {
        terminal::print_error(NAME, &format_args!("core dumps: {error}"));
    }
    if let Err(error) = require_calls(&cli) {
        terminal::print_error(NAME, &error);
        return Exit::Unavailable.into();
    }
    // One thread, because cloudflared dies with the thread that spawned it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return Exit::Failed.into();
        }
    };
    let exit = match cli.lifeline {
        Some(_) => runtime.block_on(supervised::run()),
        None if cli.find => runtime.block_on(locate::find(&cli)),
        None => runtime.block_on(standalone::run(&cli)),
    };
    // Does not wait for a download: the partial file is resumed the next time.
    runtime.shutdown_background();
    exit.into()
}

/// Under a supervisor, which has tried the rest, only what it does not need itself.
fn require_calls(cli: &TunnelCli) -> Result<(), RequiredCallError> {
    if cli.lifeline.is_none() {
        process::require_service_calls()?;
        process::require_threads()?;
    }
    process::require_tunnel_calls()
}
