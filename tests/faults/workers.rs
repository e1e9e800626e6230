//! Distributes trials over worker processes. A subreaper adopts the orphans of all its descendants
//! and cannot tell two sessions apart, so one process runs one trial at a time.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use crate::matrix;
use crate::oracle;
use crate::random;
use crate::trial::{self, Outcome};

/// Makes this program a worker.
pub(crate) const WORKER_FLAG: &str = "--worker";

/// A task for a worker; one line on its stdin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// A cell, by its index in [`matrix::cells`].
    Cell(usize),
    /// A random trial, by its number.
    Trial(u64),
}

impl Task {
    fn number(self) -> u64 {
        match self {
            Task::Cell(index) => index as u64,
            Task::Trial(number) => number,
        }
    }
}

/// A running worker. It exits when its stdin is closed.
struct Worker {
    process: Child,
    /// `None` once it is told to exit.
    tasks: Option<ChildStdin>,
    outcomes: BufReader<ChildStdout>,
}

/// The worker's side: runs the task in each line of stdin, and answers with a line of JSON.
pub(crate) fn serve_tasks(seed: u64) -> std::io::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)?;
    oracle::self_test()?;
    trial::install_panic_hook();
    let cells = matrix::cells();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (kind, number) = line.split_once(' ').expect("a task is two words");
        let number: u64 = number.parse().expect("the second word is a number");
        let outcome = if kind == "cell" {
            let index = usize::try_from(number).expect("an index fits");
            trial::run(number, &cells[index].plan)
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

/// Runs all tasks on `jobs` workers, and passes each outcome to `each`, in the order in which they
/// finish.
pub(crate) fn run(seed: u64, tasks: Vec<Task>, jobs: usize, mut each: impl FnMut(Task, Outcome)) {
    let queue = Mutex::new(VecDeque::from(tasks));
    let (sender, outcomes) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || drive_worker(seed, queue, &sender));
        }
        drop(sender);
        for (task, outcome) in outcomes {
            each(task, outcome);
        }
    });
}

/// Feeds one worker from the queue, and replaces it when it dies.
fn drive_worker(seed: u64, queue: &Mutex<VecDeque<Task>>, outcomes: &Sender<(Task, Outcome)>) {
    let mut worker = Worker::spawn(seed);
    loop {
        let next = queue.lock().unwrap().pop_front();
        let Some(task) = next else { break };
        let outcome = worker.run(task).unwrap_or_else(|error| {
            let status = worker.shut_down();
            worker = Worker::spawn(seed);
            let error = format!("the worker exited ({status}): {error}");
            Outcome::failed(task.number(), format!("{task:?}"), error)
        });
        if outcomes.send((task, outcome)).is_err() {
            break;
        }
    }
    worker.shut_down();
}

impl Worker {
    fn spawn(seed: u64) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut process = Command::new(own)
            .args([WORKER_FLAG, "--seed", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let tasks = process.stdin.take();
        let outcomes = BufReader::new(process.stdout.take().expect("stdout is piped"));
        Self { process, tasks, outcomes }
    }

    fn run(&mut self, task: Task) -> std::io::Result<Outcome> {
        let line = match task {
            Task::Cell(index) => format!("cell {index}\n"),
            Task::Trial(number) => format!("trial {number}\n"),
        };
        let tasks = self.tasks.as_mut().expect("it gets tasks until it is shut down");
        tasks.write_all(line.as_bytes())?;
        let mut answer = String::new();
        self.outcomes.read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Closes its stdin and waits for its exit; returns the status for a report.
    fn shut_down(&mut self) -> String {
        self.tasks = None;
        self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}
