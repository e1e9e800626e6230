//! `chattrace-tunnel`: a public address for a web server on this computer, by cloudflared.
//!
//! | | |
//! |---|---|
//! | rules, without I/O and clock | [`output`] (one line → its meaning) · [`attempt`] (what happens → what to do) · [`failure`] (every way to fail, as a sentence) · [`origin`] |
//! | mechanism | [`cloudflared`] (the child), [`shim`] (what it is before) · [`probe`] (its metrics port) · [`locate`], [`pin`], [`install`] (where it comes from) · [`cooldown`] |
//! | course | [`drive`]: [`prepare`], then [`hold`]; told what to do by [`standalone`] or [`supervised`], telling what happens to [`report`], [`screen`] and [`progress`] |
//!
//! The public name is never resolved here and no request is made to it: a look-up before its time
//! is remembered as "does not exist" for half an hour, by every cache on the way.

mod attempt;
mod cli;
mod cloudflared;
mod cooldown;
mod drive;
mod failure;
mod hold;
mod install;
mod locate;
mod origin;
mod output;
mod pin;
mod prepare;
mod probe;
mod progress;
mod report;
mod screen;
mod shim;
mod standalone;
mod supervised;

use std::process::ExitCode;

use crate::exit::Exit;
use crate::process;
use crate::terminal;

/// What this program calls itself when it complains.
const NAME: &str = "chattrace-tunnel";

/// Runs the program.
pub fn main() -> ExitCode {
    process::close_inherited_fds();
    terminal::install_panic_hook(NAME);
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "exec") {
        return shim::main(words).into();
    }
    let cli = match terminal::parse_args::<cli::Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Some(parent) = cli.lifeline
        && process::become_service(parent).is_err()
    {
        return Exit::Failed.into();
    }
    if let Err(error) = process::harden() {
        terminal::print_error(NAME, &format_args!("memory is not kept out of core dumps: {error}"));
    }
    // One thread, because cloudflared dies with the thread that started it.
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
        None => runtime.block_on(standalone::run(&cli)),
    };
    // A download that is still at it must not hold the end up; what came so far is kept.
    runtime.shutdown_background();
    exit.into()
}
