//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::config::{ConfinementPolicy, Overrides};

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
