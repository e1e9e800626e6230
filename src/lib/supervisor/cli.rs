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
    /// Configuration file [default: the user's own if there, else built in]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDR", env = "CHATTRACE_LISTEN", hide_env = true)]
    listen: Option<Listen>,
    /// How to get a public address [default: auto]
    #[arg(long, value_name = "HOW", env = "CHATTRACE_TUNNEL", hide_env = true)]
    tunnel: Option<Provider>,
    /// The cloudflared to use [default: the managed one, or PATH]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CLOUDFLARED", hide_env = true)]
    cloudflared: Option<PathBuf>,
    #[command(flatten)]
    mode: ModeFlags,
    /// How many at once; quick tunnels carry 200 requests at a time [default: 100]
    #[arg(long, value_name = "N")]
    max_participants: Option<Participants>,
    /// Earlier messages a newcomer is shown [default: 0]
    #[arg(long, value_name = "N")]
    backlog: Option<Backlog>,
    /// What becomes of the event log [default: ask]
    #[arg(long, value_name = "WHAT", env = "CHATTRACE_LOGS", hide_env = true)]
    logs: Option<Logs>,
    /// Where a saved event log goes [default: the current folder]
    #[arg(long, value_name = "DIR")]
    archive_dir: Option<PathBuf>,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(super) json: bool,
    /// Errors only; the event log is deleted unless --logs save
    #[arg(long)]
    pub(super) quiet: bool,
    /// No QR code
    #[arg(long)]
    pub(super) no_qr: bool,
}

#[derive(Debug, Args)]
struct ModeFlags {
    /// Sealed room: not in this version
    #[arg(long, conflicts_with = "open")]
    sealed: bool,
    /// Open room: this computer and the tunnel provider can read the text
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
