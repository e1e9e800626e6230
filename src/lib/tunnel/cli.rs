//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{ConfinementPolicy, Overrides};
use crate::terminal;

const EXAMPLES: &str = "\
What follows the port of ORIGIN (path, fragment) is kept from cloudflared and
put back on the public address. \"-\", or no ORIGIN in a pipeline, reads it from
the first line of standard input, and ends when that ends.

Ends with 0 as asked, 69 without a tunnel, 78 on a wrong configuration.

Examples:
  chattrace-tunnel http://127.0.0.1:8080
  chattrace-serve | chattrace-tunnel | tee link.txt";

/// Gives a web server on this computer a public address, for as long as it runs.
#[derive(Debug, Parser)]
#[command(name = "chattrace-tunnel", bin_name = "chattrace-tunnel", version, after_help = EXAMPLES)]
pub(super) struct Cli {
    /// Where the web server listens, such as http://127.0.0.1:8080
    pub(super) origin: Option<String>,

    /// Configuration file
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env_values = true)]
    pub(super) config: Option<PathBuf>,

    /// The cloudflared to use
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CLOUDFLARED", hide_env_values = true)]
    pub(super) cloudflared: Option<PathBuf>,

    /// Not unless it can be confined
    #[arg(long)]
    pub(super) require_confinement: bool,

    /// Every state as one JSON object per line
    #[arg(long)]
    pub(super) json: bool,

    /// Supervised by this process, over a socket on standard input
    #[arg(long, value_name = "PPID", hide = true)]
    pub(super) lifeline: Option<u32>,
}

impl Cli {
    /// Reads our own command line; what is to be said about it, help or an error, is said here.
    ///
    /// # Errors
    /// The code to end with: 0 after help, 2 after an error.
    pub(super) fn read() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(terminal::print_usage)
    }

    /// What it says about settings.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            cloudflared: self.cloudflared.clone(),
            confinement: self.require_confinement.then_some(ConfinementPolicy::Required),
            ..Overrides::default()
        }
    }
}
