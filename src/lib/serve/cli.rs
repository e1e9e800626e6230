//! The command line of `chattrace-serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};

use crate::config::{Backlog, Listen, Mode, Overrides, Participants};
use crate::terminal;

/// The room alone: serves one chat from memory until it is ended.
#[derive(Debug, Parser)]
#[command(
    name = "chattrace-serve",
    version,
    after_help = "Examples:\n  \
        chattrace-serve --listen 127.0.0.1:8080\n  \
        chattrace-serve | chattrace-tunnel | tee link.txt"
)]
pub(super) struct Cli {
    /// Configuration file [default: yours, or built in]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDR", env = "CHATTRACE_LISTEN", hide_env = true)]
    listen: Option<Listen>,
    #[command(flatten)]
    mode: ModeFlags,
    /// How many at once [default: 100]
    #[arg(long, value_name = "N")]
    max_participants: Option<Participants>,
    /// Earlier messages a newcomer is shown [default: 0]
    #[arg(long, value_name = "N")]
    backlog: Option<Backlog>,
    /// Events as JSON, one object per line
    #[arg(long)]
    pub(super) json: bool,
    /// Run under the supervisor with this process id
    #[arg(long, value_name = "PID", hide = true)]
    pub(super) lifeline: Option<u32>,
}

/// The two words for who can read along; the later one wins over the environment.
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
            mode: Mode::chosen(self.mode.sealed, self.mode.open, self.mode.mode),
            max_participants: self.max_participants,
            backlog: self.backlog,
            ..Overrides::default()
        }
    }
}
