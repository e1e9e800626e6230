//! The command line of `chattrace-tunnel`.

use std::path::PathBuf;

use clap::Parser;

use crate::config::{ConfinementPolicy, Overrides};

/// The name of the program, on its command line and in front of its error messages.
pub(super) const NAME: &str = "chattrace-tunnel";

const AFTER_HELP: &str = "\
The path and the fragment of ORIGIN are hidden from cloudflared and appended to
the public address. With \"-\", or without ORIGIN in a pipeline, it is the first
line of standard input, and the tunnel is closed at the end of that input.
Exit codes: 0 closed on request, 69 no tunnel, 78 wrong configuration.

Examples:
  chattrace-tunnel http://127.0.0.1:8080
  chattrace-serve | chattrace-tunnel | tee link.txt";

/// Gives a web server on this computer a public address, for as long as it runs.
#[derive(Debug, Parser)]
#[command(name = NAME, bin_name = NAME, version, after_help = AFTER_HELP)]
pub(super) struct TunnelCli {
    /// Where the web server listens, such as http://127.0.0.1:8080
    pub(super) origin: Option<String>,

    /// Configuration file
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env_values = true)]
    pub(super) config: Option<PathBuf>,

    /// The cloudflared to use
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CLOUDFLARED", hide_env_values = true)]
    pub(super) cloudflared: Option<PathBuf>,

    /// Do not run cloudflared unless it can be confined
    #[arg(long)]
    pub(super) require_confinement: bool,

    /// Print every state as one JSON object per line
    #[arg(long)]
    pub(super) json: bool,

    /// Say which cloudflared would be used, and exit
    #[arg(long, hide = true)]
    pub(super) find: bool,

    /// Supervised by this process, over a socket on standard input
    #[arg(long, value_name = "PPID", hide = true)]
    pub(super) lifeline: Option<u32>,
}

impl TunnelCli {
    /// The settings that these options give; what they do not name is left to the file.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            cloudflared: self.cloudflared.clone(),
            confinement: self.require_confinement.then_some(ConfinementPolicy::Required),
            ..Overrides::default()
        }
    }
}
