//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures the room of chattrace beside yardsticks
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench -p chattrace-benches --",
    after_help = "Examples:\n  \
        cargo bench -p chattrace-benches -- --table saturation --table price\n  \
        cargo bench -p chattrace-benches -- --quick"
)]
pub(crate) struct Options {
    /// Show only this table; repeatable
    #[arg(long = "table", value_name = "NAME")]
    pub(crate) tables: Vec<TableName>,
    /// Check correctness only: few clients, short phases, and the self-test
    #[arg(long)]
    pub(crate) quick: bool,
    /// Check that faults of a server are detected
    #[arg(long)]
    pub(crate) self_test: bool,
    /// Rounds; tables show the median
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) rounds: usize,
    /// Measure only with this number of receivers or participants; repeatable
    #[arg(long, value_name = "N")]
    pub(crate) receivers: Vec<usize>,
    /// The room to measure [default: chattrace-serve in the parent of this program's folder]
    #[arg(long, value_name = "PATH")]
    pub(crate) serve: Option<PathBuf>,
    /// Another yardstick, which prints its port and relays messages at /ws; repeatable
    #[arg(long, value_name = "NAME=PROGRAM", value_parser = name_and_path)]
    pub(crate) beside: Vec<(String, PathBuf)>,
    /// For saturation: also floor-batch with messages padded to the size of the room's events
    #[arg(long = "as-much")]
    pub(crate) padded: bool,
    /// Another build of the room, for the table of prices; repeatable
    #[arg(long, value_name = "NAME=PATH", value_parser = name_and_path)]
    pub(crate) other: Vec<(String, PathBuf)>,
    /// Run as a yardstick instead
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) yardstick: Option<String>,
    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// A table, as it is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableName {
    /// Messages per second.
    Saturation,
    /// Latency at a fixed rate.
    Latency,
    /// Memory per participant.
    Memory,
    /// The time until a thousand concurrent joins are complete.
    Crowd,
    /// The time of a start, and of the end of a session.
    Start,
    /// The cost of each protection.
    Price,
    /// Latency beside a participant that disturbs.
    Disturbed,
    /// The cost of a change of the circle in a sealed room.
    Circle,
    /// The time of each step of the cryptography.
    Cryptography,
    /// The time from a command of the operator to its effect.
    Operator,
    /// The cost of asking who is there.
    Who,
    /// A flood of the lobby, and of an invite.
    Lobby,
}

fn name_and_path(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("expected NAME=PATH")?;
    Ok((name.to_owned(), path.into()))
}
