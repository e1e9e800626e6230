//! V-11, V-12: promise number one, tried: nothing outlives a session, whatever dies first.
//!
//! `cargo test --test faults` runs the fault matrix ([`matrix`]) and a hundred random trials
//! ([`random`]). A trial starts a whole session on a machine of its own, brings it to its moment,
//! kills, stops or closes something, and then asks two witnesses whether anybody survived, and the
//! disk whether anything is left. Nothing here ends a process by name: victims are found among the
//! descendants of their own session's supervisor, survivors among those of this very process.

#![allow(clippy::unwrap_used, reason = "a trial that panics has failed, and says so")]

mod crowd;
mod foreign;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the integration tests, which use the rest"
)]
#[path = "../integration/harness/mod.rs"]
mod harness;
mod matrix;
mod options;
mod oracle;
mod plan;
mod proc;
mod random;
mod report;
mod session;
mod stage;
mod target;
mod trial;
mod workers;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use options::Options;
use trial::Outcome;
use workers::Task;

/// Random trials between two signs of life.
const SIGN_OF_LIFE: usize = 50;

/// How many of each.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return ExitCode::from(2);
        }
    };
    if options.is_worker {
        return match workers::work(options.seed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "a worker of the faults: {error}");
                ExitCode::FAILURE
            }
        };
    }
    // Missing, it says so, once, instead of in every trial.
    harness::stand_in("stand-in-cloudflared");
    let mut count = Count::default();
    if let Some(number) = options.trial {
        one(&options, number, &mut count);
    } else {
        if options.matrix {
            matrix(&options, &mut count);
        }
        if options.random {
            random(&options, &mut count);
        }
    }
    let skipped = match count.skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    say(&format!("{} passed, {} failed{skipped}\n", count.passed, count.failed));
    if count.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        let number = match (outcome.is_good(), &outcome.skipped) {
            (false, _) => &mut self.failed,
            (true, Some(_)) => &mut self.skipped,
            (true, None) => &mut self.passed,
        };
        *number += 1;
    }
}

fn matrix(options: &Options, count: &mut Count) {
    let cells = matrix::cells();
    let wanted = |name: &str| options.words.iter().all(|word| name.contains(word));
    let numbered = cells.iter().enumerate();
    let tasks: Vec<Task> = numbered
        .filter(|(_, cell)| wanted(&cell.plan.name))
        .map(|(at, _)| Task::Cell(at))
        .collect();
    let mut outcomes = BTreeMap::new();
    workers::run(options.seed, tasks, options.jobs, |task, outcome| {
        count.add(&outcome);
        if let Task::Cell(at) = task {
            outcomes.insert(at, outcome);
        }
    });
    if outcomes.is_empty() {
        return;
    }
    say(&report::table(&cells, &outcomes));
    let outcomes: Vec<Outcome> = outcomes.into_values().collect();
    say(&format!("\n{}", report::summary(&outcomes)));
    for outcome in outcomes.iter().filter(|outcome| !outcome.is_good()) {
        say(&report::in_short(outcome, &format!("'{}'", outcome.name)));
    }
}

fn random(options: &Options, count: &mut Count) {
    let Options { seed, trials, .. } = *options;
    say(&format!("\nrandom trials, seed {seed}\n"));
    let tasks = (0..trials).map(Task::Trial).collect();
    let mut outcomes: Vec<Outcome> = Vec::new();
    workers::run(seed, tasks, options.jobs, |_, outcome| {
        count.add(&outcome);
        if !outcome.is_good() {
            let replay = format!("--trial {} --seed {seed}", outcome.number);
            say(&report::in_short(&outcome, &replay));
        }
        outcomes.push(outcome);
        if outcomes.len().is_multiple_of(SIGN_OF_LIFE) {
            let bad = outcomes.iter().filter(|outcome| !outcome.is_good()).count();
            say(&format!("{} of {trials} trials, {bad} failed\n", outcomes.len()));
        }
    });
    say(&report::summary(&outcomes));
}

/// One random trial again, with its whole story.
fn one(options: &Options, number: u64, count: &mut Count) {
    workers::run(options.seed, vec![Task::Trial(number)], 1, |_, outcome| {
        count.add(&outcome);
        let replay = format!("--trial {number} --seed {}", options.seed);
        say(&report::in_full(&outcome, &replay));
    });
}

/// A reader that is gone is not our fault.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
