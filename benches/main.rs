//! Measures the room of chattrace beside yardsticks.
//!
//! `cargo build --release && cargo bench -p chattrace-benches` measures the real `chattrace-serve`
//! over real WebSockets, on one core, beside yardsticks that relay the same messages to as many
//! clients. Every byte that a client receives is checked. Figures are medians of rounds in which the
//! servers take turns. Machines differ, so compare the ratios within a table. No figure makes the
//! benchmark fail.

mod load;
mod machine;
mod options;
mod report;
mod servers;
mod tables;

use std::process::ExitCode;

use clap::Parser as _;

use options::Options;
use servers::Yardstick;
use tables::Bench;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match run(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::progress(&format!("the benchmark cannot go on: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs a yardstick or the tables; false if chattrace failed in one of them.
fn run(options: Options) -> Result<bool, String> {
    match &options.yardstick {
        Some(name) => {
            let yardstick =
                Yardstick::from_name(name).ok_or_else(|| format!("{name} is no yardstick"))?;
            yardstick.serve().map(|()| true)
        }
        None => Ok(Bench::new(options)?.run()),
    }
}
