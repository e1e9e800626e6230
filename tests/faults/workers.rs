//! Spreads trials over worker processes. A process that adopts orphans adopts all there are, so
//! one process runs one trial at a time.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use crate::matrix;
use crate::oracle;
use crate::random;
use crate::trial::{self, Outcome};

/// The word that makes this program a worker.
pub(crate) const WORKER: &str = "--worker";

/// What a worker is told in one line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// A cell, by its place in [`matrix::cells`].
    Cell(usize),
    /// A random trial, by its number.
    Trial(u64),
}

impl Task {
    fn number(self) -> u64 {
        match self {
            Task::Cell(at) => at as u64,
            Task::Trial(number) => number,
        }
    }
}

/// A worker at work; at the end of its input it ends.
struct Worker {
    process: Child,
    /// `None` once there is nothing more to do.
    tasks: Option<ChildStdin>,
    outcomes: BufReader<ChildStdout>,
}

/// Does what stdin says, one line at a time; answers each with a line of JSON.
pub(crate) fn work(seed: u64) -> std::io::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)?;
    oracle::prove()?;
    trial::keep_panics();
    let cells = matrix::cells();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (kind, number) = line.split_once(' ').expect("a task is two words");
        let number: u64 = number.parse().expect("the second one is a number");
        let outcome = if kind == "cell" {
            let at = usize::try_from(number).expect("a cell's number fits");
            trial::run(number, &cells[at].plan)
        } else {
            trial::run(number, &random::plan(seed, number))
        };
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &outcome)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

/// Runs every task on `jobs` workers, and calls `each` with what came of it, in any order.
pub(crate) fn run(seed: u64, tasks: Vec<Task>, jobs: usize, mut each: impl FnMut(Task, Outcome)) {
    let waiting = Mutex::new(VecDeque::from(tasks));
    let (sender, outcomes) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (waiting, sender) = (&waiting, sender.clone());
            scope.spawn(move || employ(seed, waiting, &sender));
        }
        drop(sender);
        for (task, outcome) in outcomes {
            each(task, outcome);
        }
    });
}

fn employ(seed: u64, waiting: &Mutex<VecDeque<Task>>, to: &Sender<(Task, Outcome)>) {
    let mut worker = Worker::start(seed);
    loop {
        let next = waiting.lock().unwrap().pop_front();
        let Some(task) = next else { break };
        let outcome = worker.does(task).unwrap_or_else(|error| {
            let status = worker.end();
            worker = Worker::start(seed);
            let complaint = format!("the worker died ({status}): {error}");
            Outcome::complaint(task.number(), format!("{task:?}"), complaint)
        });
        if to.send((task, outcome)).is_err() {
            break;
        }
    }
    worker.end();
}

impl Worker {
    fn start(seed: u64) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut process = Command::new(own)
            .args([WORKER, "--seed", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let tasks = process.stdin.take();
        let outcomes = BufReader::new(process.stdout.take().expect("stdout was piped"));
        Self { process, tasks, outcomes }
    }

    fn does(&mut self, task: Task) -> std::io::Result<Outcome> {
        let line = match task {
            Task::Cell(at) => format!("cell {at}\n"),
            Task::Trial(number) => format!("trial {number}\n"),
        };
        let tasks = self.tasks.as_mut().expect("it has work until it is ended");
        tasks.write_all(line.as_bytes())?;
        let mut answer = String::new();
        self.outcomes.read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }

    fn end(&mut self) -> String {
        // The end of its input is the sign to go.
        self.tasks = None;
        self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}
