//! A program under test: its output, its peak memory, and its panics.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::harness::{DEADLINE, ProcessHandle, Stream};
use crate::resources::peak_memory;

/// Part of the line that the panic hook of every program prints.
const PANIC: &str = "internal error at ";

/// The memory of a silent program is sampled this often: at its exit the kernel drops the figure.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(10);

/// Lines between the reading threads and the test: a program that floods is slowed down, and this
/// process does not grow.
const MAX_QUEUED_LINES: usize = 1_000;

/// A longer line is split; no program here prints one.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// Lines of stderr that are kept for the report of a failure.
const MAX_STDERR_LINES: usize = 100;

/// A running program; killed when dropped.
#[derive(Debug)]
pub(crate) struct Monitored {
    child: Child,
    pidfd: ProcessHandle,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<(Stream, Vec<u8>)>,
    /// The highest peak memory that was sampled, in KiB.
    pub(crate) peak: u64,
    /// Lines of the panic hook.
    pub(crate) panics: Vec<String>,
    /// The first lines of stderr.
    pub(crate) stderr: Vec<String>,
}

impl Monitored {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let pidfd = ProcessHandle::open(child.id());
        let (sender, lines) = sync_channel(MAX_QUEUED_LINES);
        spawn_reader(child.stdout.take().unwrap(), Stream::Stdout, sender.clone());
        spawn_reader(child.stderr.take().unwrap(), Stream::Stderr, sender);
        let stdin = child.stdin.take();
        Self { child, pidfd, stdin, lines, peak: 0, panics: Vec::new(), stderr: Vec::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn sample_memory(&mut self) {
        self.peak = self.peak.max(peak_memory(self.pid()).unwrap_or(0));
    }

    /// Reads up to the first line for which `is_wanted` holds. False at EOF, or when no line came
    /// before the deadline.
    pub(crate) fn read_until(&mut self, mut is_wanted: impl FnMut(Stream, &[u8]) -> bool) -> bool {
        let mut deadline = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(SAMPLE_INTERVAL) {
                Ok((from, line)) => {
                    deadline = Instant::now() + DEADLINE;
                    self.record(from, &line);
                    if is_wanted(from, &line) {
                        self.sample_memory();
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => self.sample_memory(),
                Err(_) => return false,
            }
        }
    }

    /// Reads the lines that have arrived.
    pub(crate) fn drain(&mut self) {
        self.sample_memory();
        while let Ok((from, line)) = self.lines.try_recv() {
            self.record(from, &line);
        }
    }

    fn record(&mut self, from: Stream, line: &[u8]) {
        if from == Stream::Stderr {
            let line = String::from_utf8_lossy(line);
            if line.contains(PANIC) {
                self.panics.push(line.clone().into_owned());
            }
            if self.stderr.len() < MAX_STDERR_LINES {
                self.stderr.push(line.into_owned());
            }
        }
    }

    /// Sends the signal `name`, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        crate::harness::signal(name, self.pid());
    }

    /// The status of the program if it has exited.
    pub(crate) fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Passes every line to `each`, and waits for EOF and for the exit.
    ///
    /// # Errors
    /// When it does not exit before the deadline.
    pub(crate) fn wait(
        &mut self,
        mut each: impl FnMut(Stream, &[u8]),
    ) -> Result<ExitStatus, String> {
        self.read_until(|from, line| {
            each(from, line);
            false
        });
        if self.pidfd.exits_by(Instant::now() + DEADLINE) {
            self.child.wait().map_err(|error| error.to_string())
        } else {
            Err(format!("no exit: {:?}", self.stderr))
        }
    }
}

impl Drop for Monitored {
    fn drop(&mut self) {
        // Both do nothing if it was reaped before (std::process::Child).
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn_reader(
    stream: impl Read + Send + 'static,
    from: Stream,
    lines: SyncSender<(Stream, Vec<u8>)>,
) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    if line.last() == Some(&b'\n') {
                        line.pop();
                    }
                    // Without a receiver the thread reads on, or the program would block on its
                    // pipe.
                    let _ = lines.send((from, line));
                }
            }
        }
    });
}
