//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// What the room of chattrace carries, beside what could be carried at all.
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench -p chattrace-benches --",
    after_help = "Examples:\n  \
        cargo bench -p chattrace-benches -- --table saturation --table price\n  \
        cargo bench -p chattrace-benches -- --quick"
)]
pub(crate) struct Options {
    /// Only this table; may be given again
    #[arg(long = "table", value_name = "NAME")]
    pub(crate) tables: Vec<TableName>,
    /// Small and short, with the self-test: whether all is right, not how fast it is
    #[arg(long)]
    pub(crate) quick: bool,
    /// Whether mistakes of a server are found
    #[arg(long)]
    pub(crate) self_test: bool,
    /// Rounds, of which the median is shown
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) rounds: usize,
    /// Only with so many receivers, or participants; may be given again
    #[arg(long, value_name = "N")]
    pub(crate) receivers: Vec<usize>,
    /// The room [default: chattrace-serve beside this program's folder]
    #[arg(long, value_name = "PATH")]
    pub(crate) serve: Option<PathBuf>,
    /// Another yardstick: prints its port, relays what comes to /ws; may be given again
    #[arg(long, value_name = "NAME=PROGRAM", value_parser = named)]
    pub(crate) beside: Vec<(String, PathBuf)>,
    /// In the saturation, also floor-batch with as many bytes for each message as the room's events
    #[arg(long)]
    pub(crate) as_much: bool,
    /// Another build of the room, for the table of prices; may be given again
    #[arg(long, value_name = "NAME=PATH", value_parser = named)]
    pub(crate) other: Vec<(String, PathBuf)>,
    /// Be a yardstick
    #[arg(long, hide = true, value_name = "ROLE")]
    pub(crate) play: Option<String>,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableName {
    /// Messages per second.
    Saturation,
    /// Delay at an even pace.
    Latency,
    /// Memory per participant.
    Memory,
    /// A thousand who come at once.
    Crowd,
    /// From the start, and to the end.
    Start,
    /// What each protection costs.
    Price,
    /// Whoever disturbs.
    Disturbed,
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("expected NAME=PATH")?;
    Ok((name.to_owned(), path.into()))
}
