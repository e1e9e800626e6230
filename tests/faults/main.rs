//! Fault injection: no process and no file outlives a session, whichever process fails first.
//!
//! `cargo test --test faults` runs the fault matrix ([`matrix`]) and a hundred random trials
//! ([`random`]). A trial starts a whole session in an environment of its own, waits for the trigger
//! of the fault, kills, stops or closes something, and then checks two independent witnesses for
//! surviving processes, and the disk for leftovers. Nothing here ends a process by its name:
//! victims are found among the descendants of their session's supervisor, survivors among the
//! descendants of this process.

#![allow(clippy::unwrap_used, reason = "a panic fails the trial, which reports it")]

mod effect;
mod environment;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the integration tests, which use the rest"
)]
#[path = "../integration/harness/mod.rs"]
mod harness;
mod inject;
mod matrix;
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
#[path = "../integration/sealed/member.rs"]
mod member;
mod options;
mod oracle;
mod panics;
mod participants;
mod plan;
mod proc;
mod random;
mod report;
mod row;
mod session;
mod target;
mod trial;
mod workers;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use options::Options;
use trial::Outcome;
use workers::Task;

/// Random trials between two lines of progress.
const PROGRESS_INTERVAL: usize = 50;

/// Trials by their result.
#[derive(Default)]
struct Totals {
    passed: usize,
    failed: usize,
    skipped: usize,
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return ExitCode::from(2);
        }
    };
    if options.is_worker {
        return match workers::serve_tasks(options.seed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "fault worker: {error}");
                ExitCode::FAILURE
            }
        };
    }
    // Panics here, once, if it is not built; else every trial would.
    harness::stand_in("stand-in-cloudflared");
    let mut totals = Totals::default();
    if let Some(number) = options.trial {
        run_one(&options, number, &mut totals);
    } else {
        if options.matrix {
            run_matrix(&options, &mut totals);
        }
        if options.random {
            run_random(&options, &mut totals);
        }
    }
    let skipped = match totals.skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    print(&format!("{} passed, {} failed{skipped}\n", totals.passed, totals.failed));
    if totals.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Totals {
    fn add(&mut self, outcome: &Outcome) {
        let number = match (outcome.passed(), &outcome.skipped) {
            (false, _) => &mut self.failed,
            (true, Some(_)) => &mut self.skipped,
            (true, None) => &mut self.passed,
        };
        *number += 1;
    }
}

fn run_matrix(options: &Options, totals: &mut Totals) {
    let cells = matrix::cells();
    let is_wanted = |name: &str| options.filters.iter().all(|filter| name.contains(filter));
    let tasks: Vec<Task> = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| is_wanted(&cell.plan.name))
        .map(|(index, _)| Task::Cell(index))
        .collect();
    let mut outcomes = BTreeMap::new();
    workers::run(options.seed, tasks, options.jobs, |task, outcome| {
        totals.add(&outcome);
        if let Task::Cell(index) = task {
            outcomes.insert(index, outcome);
        }
    });
    if outcomes.is_empty() {
        return;
    }
    print(&report::table(&cells, &outcomes));
    print(&format!("\n{}", report::panic_times(&cells, &outcomes)));
    let outcomes: Vec<Outcome> = outcomes.into_values().collect();
    print(&format!("\n{}", report::summary(&outcomes)));
    for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
        print(&report::abridged(outcome, &format!("'{}'", outcome.name)));
    }
}

fn run_random(options: &Options, totals: &mut Totals) {
    let Options { seed, trials, .. } = *options;
    print(&format!("\nrandom trials, seed {seed}\n"));
    let tasks = (0..trials).map(Task::Trial).collect();
    let mut outcomes: Vec<Outcome> = Vec::new();
    workers::run(seed, tasks, options.jobs, |_, outcome| {
        totals.add(&outcome);
        if !outcome.passed() {
            let replay = format!("--trial {} --seed {seed}", outcome.number);
            print(&report::abridged(&outcome, &replay));
        }
        outcomes.push(outcome);
        if outcomes.len().is_multiple_of(PROGRESS_INTERVAL) {
            let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
            print(&format!("{} of {trials} trials, {failed} failed\n", outcomes.len()));
        }
    });
    print(&report::summary(&outcomes));
}

/// Repeats one random trial, and prints its whole transcript.
fn run_one(options: &Options, number: u64, totals: &mut Totals) {
    workers::run(options.seed, vec![Task::Trial(number)], 1, |_, outcome| {
        totals.add(&outcome);
        let replay = format!("--trial {number} --seed {}", options.seed);
        print(&report::full(&outcome, &replay));
    });
}

/// Writes to stdout; unlike `print!`, it does not panic when the reader has closed the pipe.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
