//! The command line of `chattrace`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};

use crate::config::{Backlog, Listen, Logs, Mode, Overrides, Participants, Provider};
use crate::terminal;

/// An anonymous chat that lives exactly as long as this terminal.
#[derive(Debug, Parser)]
#[command(
    name = "chattrace",
    version,
    after_help = "Examples:\n  \
        chattrace --tunnel none\n  \
        chattrace --quiet | head -1"
)]
pub(super) struct Cli {
    /// Configuration file [default: yours, or built in]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDR", env = "CHATTRACE_LISTEN", hide_env = true)]
    listen: Option<Listen>,
    /// auto, cloudflared or none [default: auto]
    #[arg(
        long,
        value_name = "HOW",
        hide_possible_values = true,
        env = "CHATTRACE_TUNNEL",
        hide_env = true
    )]
    tunnel: Option<Provider>,
    /// The program to use [default: managed, else PATH]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CLOUDFLARED", hide_env = true)]
    cloudflared: Option<PathBuf>,
    #[command(flatten)]
    mode: ModeFlags,
    /// At once; quick tunnels carry 200 [default: 100]
    #[arg(long, value_name = "N")]
    max_participants: Option<Participants>,
    /// Earlier messages for newcomers [default: 0]
    #[arg(long, value_name = "N")]
    backlog: Option<Backlog>,
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
    #[arg(long, value_name = "DIR")]
    archive_dir: Option<PathBuf>,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(super) json: bool,
    /// Errors only, no questions
    #[arg(long)]
    pub(super) quiet: bool,
    /// No QR code
    #[arg(long)]
    pub(super) no_qr: bool,
}

#[derive(Debug, Args)]
struct ModeFlags {
    /// Not in this version
    #[arg(long, conflicts_with = "open")]
    sealed: bool,
    /// This computer and the tunnel provider can read
    #[arg(long)]
    open: bool,
    #[arg(long, env = "CHATTRACE_MODE", hide = true, value_name = "MODE")]
    mode: Option<Mode>,
}

impl Cli {
    /// Reads our command line. Help, version and mistakes are shown here; the code is theirs.
    pub(super) fn read() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| terminal::usage(&error.render(), error.use_stderr()))
    }

    /// What was set here, for the configuration.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            listen: self.listen,
            logs: self.logs,
            archive_dir: self.archive_dir.clone(),
            provider: self.tunnel,
            cloudflared: self.cloudflared.clone(),
            mode: Mode::chosen(self.mode.sealed, self.mode.open, self.mode.mode),
            max_participants: self.max_participants,
            backlog: self.backlog,
        }
    }
}
