//! What the room of chattrace carries, beside what could be carried at all.
//!
//! `cargo build --release && cargo bench -p chattrace-benches` measures the real `chattrace-serve`,
//! over real WebSockets, on a core of its own, beside yardsticks that relay the same messages to the
//! same receivers. Every byte that any receiver gets is checked. Figures are medians of rounds in
//! which the servers take turns; what counts is the ratio within a table, for machines differ.
//! Nothing here fails because of a time.

mod load;
mod machine;
mod options;
mod report;
mod servers;
mod tables;

use std::process::ExitCode;

use clap::Parser as _;

use options::Options;
use servers::Role;
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

/// Does what is asked for; whether all was right.
fn run(options: Options) -> Result<bool, String> {
    match &options.play {
        Some(name) => {
            let role = Role::named(name).ok_or_else(|| format!("{name} is no yardstick"))?;
            role.play().map(|()| true)
        }
        None => Bench::new(options)?.run(),
    }
}
