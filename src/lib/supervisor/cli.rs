//! The command line of `chattrace`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, ValueHint};

use crate::config::{Logs, Mode, Overrides, Provider, RoomFlags};
use crate::span::Span;
use crate::terminal::Verbosity;

const EXAMPLES: &str = "Examples:\n  \
    chattrace --tunnel none\n  \
    chattrace --quiet | tee link.txt";

/// `--help`, with related options on one line, so that all of it fits a screen. A test holds it to the
/// options that there are.
const HELP: &str = "\
An anonymous chat that lives exactly as long as this terminal
Usage: chattrace [OPTIONS]
       chattrace ctl COMMAND...  (chattrace ctl --help explains it)
      --config <PATH>         Configuration file [default: yours, or built in]
      --listen <ADDR>         Where to listen [default: 127.0.0.1:0]
      --sealed, --open        Who can read: only those in it [default], or not
      --max-participants <N>  At once; quick tunnels carry 200 [default: 100]
      --backlog <N>           Earlier messages for newcomers [default: 0]
      --lobby, --bell         Newcomers wait until you admit them; ring for them
      --fade <SPAN>           Messages disappear after so long, such as 30m
      --for <SPAN>, --idle <SPAN>  End after so long, or so long without people
      --tunnel <HOW>          auto, cloudflared or none [default: auto]
      --cloudflared <PATH>    cloudflared to use [default: own copy, else PATH]
      --require-confinement   No session unless the sandbox is complete
      --check                 Check what a session needs, and start none
      --explain-limits        Print how much memory the room can take
      --logs <WHAT>           ask, delete or save the event log [default: ask]
      --archive-dir <DIR>     Where saved logs go [default: current folder]
      --json, --no-qr         Events as JSON on stdout; no QR code
      --quiet, --verbose      Errors only, no questions; every check, too
  -h, --help, -V, --version   Print help; print version
Examples:
  chattrace --tunnel none
  chattrace --quiet | tee link.txt";

/// An anonymous chat that lives exactly as long as this terminal.
#[derive(Debug, Parser)]
#[command(
    name = "chattrace",
    // Else the help names whatever path the program was started by.
    bin_name = "chattrace",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    override_usage = "chattrace [OPTIONS]",
    override_help = HELP,
    after_help = EXAMPLES
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) subcommand: Option<Subcommand>,
    #[command(flatten)]
    room: RoomFlags,
    /// Newcomers wait until you admit them
    #[arg(long)]
    lobby: bool,
    /// Ends by itself after so long [default: never]
    #[arg(long = "for", value_name = "SPAN")]
    duration: Option<Span>,
    /// Ends when it was empty for so long [default: never]
    #[arg(long, value_name = "SPAN")]
    idle: Option<Span>,
    /// auto, cloudflared or none [default: auto]
    #[arg(
        long,
        value_name = "HOW",
        hide_possible_values = true,
        env = "CHATTRACE_TUNNEL",
        hide_env = true
    )]
    tunnel: Option<Provider>,
    /// cloudflared to use [default: own copy, else PATH]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CLOUDFLARED", hide_env = true)]
    cloudflared: Option<PathBuf>,
    /// ask, delete or save the event log [default: ask]
    #[arg(
        long,
        value_name = "WHAT",
        hide_possible_values = true,
        env = "CHATTRACE_LOGS",
        hide_env = true
    )]
    logs: Option<Logs>,
    /// Where saved logs go [default: current folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    archive_dir: Option<PathBuf>,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(super) json: bool,
    /// Check what a session needs, and start none
    #[arg(long)]
    pub(super) check: bool,
    /// Errors only, no questions
    #[arg(long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show the checks that passed, too
    #[arg(long)]
    verbose: bool,
    /// Ring when a person joins or asks to
    #[arg(long)]
    bell: bool,
    /// No QR code
    #[arg(long)]
    pub(super) no_qr: bool,
}

impl Cli {
    /// Which lines the operator wants.
    pub(super) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }

    /// Whether `--explain-limits` was given: the limits are printed and no session begins.
    pub(super) fn explains_limits(&self) -> bool {
        self.room.explain_limits
    }

    /// The arguments with which `chattrace-serve` prints the limits of a room in `mode`.
    pub(super) fn limits_args(&self, mode: Mode) -> Vec<OsString> {
        self.room.explain_limits_args(mode)
    }

    /// The settings that take precedence over the configuration file.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            logs: self.logs,
            archive_dir: self.archive_dir.clone(),
            provider: self.tunnel,
            cloudflared: self.cloudflared.clone(),
            lobby: self.lobby.then_some(true),
            duration: self.duration,
            idle: self.idle,
            bell: self.bell.then_some(true),
            ..self.room.overrides()
        }
    }
}

/// What `chattrace` does beside a session of its own.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Subcommand {
    Ctl(CtlArgs),
}

/// Give a command to a session that is running
#[derive(Debug, Args)]
#[command(
    override_usage = "chattrace ctl [--session ID] [--json] COMMAND...",
    help_template = "{about}\n{usage-heading} {usage}\n{options}{after-help}",
    after_help = "Examples:\n  \
        chattrace ctl mute Ana 10m\n  \
        chattrace ctl who --json | jq -r '.participants[].name'"
)]
pub(super) struct CtlArgs {
    /// The session, if several are running
    #[arg(long, value_name = "ID")]
    pub(super) session: Option<String>,
    /// The answer as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// A command and what belongs to it, such as: mute 3 10m
    #[arg(required = true, value_name = "COMMAND")]
    words: Vec<String>,
}

impl CtlArgs {
    /// The line that would be typed at the session's own terminal.
    pub(super) fn command(&self) -> String {
        self.words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    /// The words with two hyphens before the explanation on a line, and the names of values.
    fn listed(help: &str) -> BTreeSet<String> {
        let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        let heads = lines.map(|line| line.split("  ").next().unwrap());
        let options = heads.flat_map(|head| head.split(", ")).filter(|word| word.starts_with("--"));
        options.map(str::to_owned).collect()
    }

    #[test]
    fn the_help_lists_every_option_and_no_other() {
        let mut command = Cli::command();
        command.build();
        let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
        let options: BTreeSet<String> = shown
            .map(|arg| {
                let names = arg.get_value_names().unwrap_or_default();
                let takes_value = arg.get_action().takes_values();
                let value = names.first().filter(|_| takes_value);
                let long = arg.get_long().unwrap();
                value.map_or(format!("--{long}"), |value| format!("--{long} <{value}>"))
            })
            .collect();
        assert_eq!(listed(HELP), options);
        assert!(HELP.ends_with(EXAMPLES));
    }
}
