//! The command line of `chattrace-serve`.

use clap::Parser;

use crate::config::{Overrides, RoomFlags};

/// The room alone: serves one chat from memory until it is ended.
#[derive(Debug, Parser)]
#[command(
    name = "chattrace-serve",
    // Not argv[0], which the caller chooses.
    bin_name = "chattrace-serve",
    version,
    after_help = "Examples:\n  \
        chattrace-serve --listen 127.0.0.1:8080\n  \
        chattrace-serve | chattrace-tunnel | tee link.txt"
)]
pub(super) struct ServeCli {
    #[command(flatten)]
    room: RoomFlags,
    /// Events as JSON, one object per line
    #[arg(long)]
    pub(super) json: bool,
    /// Try what the room must not do, show it, and exit
    #[arg(long)]
    pub(super) self_test: bool,
    /// Run under the supervisor with this process id
    #[arg(long, value_name = "PID", hide = true)]
    pub(super) lifeline: Option<u32>,
}

impl ServeCli {
    /// Whether `--explain-limits` was given: print the memory limit and exit.
    pub(super) fn explain_limits(&self) -> bool {
        self.room.explain_limits
    }

    /// The flags that override the configuration file.
    pub(super) fn overrides(&self) -> Overrides {
        self.room.overrides()
    }
}
