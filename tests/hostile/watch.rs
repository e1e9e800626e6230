//! What `/proc` says about a program under test, and what it says itself; proc_pid_status(5).

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::harness::{DEADLINE, Stream};

/// The words of the hook that every program sets for its panics.
const PANIC: &str = "internal error at ";

/// How often a program is looked at while it says nothing.
const LOOK: Duration = Duration::from_millis(10);

/// Lines that wait to be taken: a program that floods waits for us, and we do not grow.
const LINES: usize = 1_000;

/// Longest line that is kept whole; a program here says less.
const LINE_BYTES: u64 = 1024 * 1024;

/// A program that runs, ended by its own number when dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<(Stream, Vec<u8>)>,
    /// Kilobytes of memory at its peak, as far as it was looked at.
    pub(crate) peak: u64,
    /// Lines in which it says that it panicked.
    pub(crate) panics: Vec<String>,
    /// Lines of stderr, up to a bound, for the story of a failure.
    pub(crate) said: Vec<String>,
}

/// Descriptors and threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Watched {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = sync_channel(LINES);
        relay(child.stdout.take().unwrap(), Stream::Stdout, sender.clone());
        relay(child.stderr.take().unwrap(), Stream::Stderr, sender);
        let stdin = child.stdin.take();
        Self { child, stdin, lines, peak: 0, panics: Vec::new(), said: Vec::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Notes how much memory it has taken.
    pub(crate) fn look(&mut self) {
        self.peak = self.peak.max(peak(self.pid()).unwrap_or(0));
    }

    /// Takes every line up to the first for which `wanted` holds; false if it ended before, or
    /// nothing came in time.
    pub(crate) fn until(&mut self, mut wanted: impl FnMut(Stream, &[u8]) -> bool) -> bool {
        let mut end = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok((from, line)) => {
                    end = Instant::now() + DEADLINE;
                    self.note(from, &line);
                    if wanted(from, &line) {
                        self.look();
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => self.look(),
                Err(_) => return false,
            }
        }
    }

    /// Takes the lines that are there.
    pub(crate) fn drain(&mut self) {
        self.look();
        while let Ok((from, line)) = self.lines.try_recv() {
            self.note(from, &line);
        }
    }

    fn note(&mut self, from: Stream, line: &[u8]) {
        if from == Stream::Stderr {
            let line = String::from_utf8_lossy(line);
            if line.contains(PANIC) {
                self.panics.push(line.clone().into_owned());
            }
            if self.said.len() < 100 {
                self.said.push(line.into_owned());
            }
        }
    }

    /// Sends the signal `name`, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let _ = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for the end of its streams and of it. An error if it does not end.
    pub(crate) fn wait(
        &mut self,
        mut each: impl FnMut(Stream, &[u8]),
    ) -> Result<ExitStatus, String> {
        let silent = !self.until(|from, line| {
            each(from, line);
            false
        });
        let end = Instant::now() + DEADLINE;
        while silent && Instant::now() < end {
            if let Some(status) = self.has_ended() {
                return Ok(status);
            }
            std::thread::yield_now();
        }
        Err(format!("it does not end: {:?}", self.said))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Already collected, or ended here; either way it is our own child.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn relay(stream: impl Read + Send + 'static, from: Stream, to: SyncSender<(Stream, Vec<u8>)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    if line.last() == Some(&b'\n') {
                        line.pop();
                    }
                    // Nobody takes it any more: read on, or the program waits for ever.
                    let _ = to.send((from, line));
                }
            }
        }
    });
}

/// Kilobytes of memory that this process took when it took most.
pub(crate) fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What this process holds.
pub(crate) fn held(pid: u32) -> Held {
    let count = |what: &str| {
        std::fs::read_dir(format!("/proc/{pid}/{what}")).map_or(0, std::iter::Iterator::count)
    };
    Held { descriptors: count("fd"), threads: count("task") }
}

/// What this process holds once it holds no more than `before`, or when the deadline has come:
/// connections end a moment after their clients.
pub(crate) fn settled(pid: u32, before: Held) -> Held {
    let end = Instant::now() + DEADLINE;
    loop {
        let now = held(pid);
        if now.descriptors <= before.descriptors || Instant::now() > end {
            return now;
        }
        std::thread::sleep(LOOK);
    }
}

/// The first character that a terminal would obey, or that turns the order of a line around.
pub(crate) fn commanding(text: &str) -> Option<char> {
    text.chars().find(|c| {
        c.is_control()
            || matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}
