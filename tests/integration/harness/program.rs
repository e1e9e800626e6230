//! A running program: its lines as they arrive, and all of them when a wait fails.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use rustix::process::Signal;

use super::{DEADLINE, ProcessHandle, in_shell, witnessed};

/// The stream of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// The exit status of a program, and its whole output.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The exit code; panics with the whole output if a signal ended the program.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:#?}"))
    }

    /// Panics with the whole output if the exit code is another one.
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self:#?}");
        self
    }
}

/// A program with pipes for its streams; killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    /// The program, or the witness over it.
    child: Child,
    /// The program.
    pid: u32,
    handle: ProcessHandle,
    stdin: Option<ChildStdin>,
    lines: Receiver<(Stream, String)>,
    /// Lines that arrived while a test waited for the other stream.
    unread: VecDeque<(Stream, String)>,
    /// All lines that arrived.
    lines_so_far: Vec<(Stream, String)>,
}

impl Program {
    /// Starts `command` with pipes for all three streams. EOF on its output comes when the program
    /// and those of its children that inherited the pipes have exited.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped());
        Self::spawn(command)
    }

    /// Starts `command` through a shell script, in which it is `"$0" "$@"`, and under a witness:
    /// EOF on its output comes when every process that descends from that shell has exited.
    pub(crate) fn start_witnessed(command: &Command, script: &str) -> Self {
        // The shell prints its pid, and execs the program.
        let command = in_shell(command, &format!("echo $$; {script}"));
        let mut child = spawn_with_pipes(witnessed(&command).stdin(Stdio::piped()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut pid = String::new();
        stdout.read_line(&mut pid).unwrap();
        let pid = pid.trim_end().parse().unwrap();
        Self::of(child, pid, stdout)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = spawn_with_pipes(&mut command);
        let (pid, stdout) = (child.id(), BufReader::new(child.stdout.take().unwrap()));
        Self::of(child, pid, stdout)
    }

    fn of(mut child: Child, pid: u32, stdout: BufReader<ChildStdout>) -> Self {
        let (sender, lines) = channel();
        spawn_reader(stdout, Stream::Stdout, sender.clone());
        spawn_reader(child.stderr.take().unwrap(), Stream::Stderr, sender);
        let stdin = child.stdin.take();
        let (unread, lines_so_far) = (VecDeque::new(), Vec::new());
        let handle = ProcessHandle::open(pid);
        Self { child, pid, handle, stdin, lines, unread, lines_so_far }
    }

    /// Runs `command` to its exit, with `/dev/null` as stdin.
    pub(crate) fn run(mut command: Command) -> Output {
        command.stdin(Stdio::null());
        Self::spawn(command).wait()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Writes to its stdin.
    pub(crate) fn write(&mut self, text: &str) {
        self.stdin.as_mut().expect("stdin is open").write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends the signal `name`, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        super::signal(name, self.pid);
    }

    /// Waits for a line of `stream` for which `is_wanted` holds, and discards the lines of `stream`
    /// before it. Lines of the other stream are kept: two pipes have no common order.
    pub(crate) fn line(&mut self, stream: Stream, is_wanted: impl Fn(&str) -> bool) -> String {
        self.line_or_eof(stream, is_wanted)
            .unwrap_or_else(|| panic!("EOF before the line:\n{}", self.transcript()))
    }

    /// The same; `None` if both streams end before such a line.
    pub(crate) fn line_or_eof(
        &mut self,
        stream: Stream,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let deadline = Instant::now() + DEADLINE;
        while let Some(index) = self.unread.iter().position(|(from, _)| *from == stream) {
            let (_, line) = self.unread.remove(index).unwrap();
            if is_wanted(&line) {
                return Some(line);
            }
        }
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok((from, line)) => {
                    self.lines_so_far.push((from, line.clone()));
                    if from != stream {
                        self.unread.push_back((from, line));
                    } else if is_wanted(&line) {
                        return Some(line);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("timeout before the line:\n{}", self.transcript())
                }
            }
        }
    }

    /// Waits for the next line of stdout.
    pub(crate) fn stdout_line(&mut self) -> String {
        self.line(Stream::Stdout, |_| true)
    }

    /// Waits for a line of stdout that contains `part`.
    pub(crate) fn stdout_line_with(&mut self, part: &str) -> String {
        self.line(Stream::Stdout, |line| line.contains(part))
    }

    /// Waits for a line of stderr that contains `part`.
    pub(crate) fn stderr_line_with(&mut self, part: &str) -> String {
        self.line(Stream::Stderr, |line| line.contains(part))
    }

    /// Waits for its exit, even if another process keeps its streams open. [`Program::wait`] reaps
    /// it.
    pub(crate) fn wait_exit(&self) {
        self.handle.wait_exit();
    }

    /// Waits for EOF on both streams and for the exit.
    pub(crate) fn wait(mut self) -> Output {
        let deadline = Instant::now() + DEADLINE;
        assert!(self.reaches_eof_by(deadline), "no EOF on its output:\n{}", self.transcript());
        let status = self.reap();
        Output { status, stdout: self.text(Stream::Stdout), stderr: self.text(Stream::Stderr) }
    }

    /// Reads both streams to EOF; false if one is still open at `deadline`.
    pub(crate) fn reaches_eof_by(&mut self, deadline: Instant) -> bool {
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.lines_so_far.push(line),
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    /// Waits for the exit of the program, and reaps it.
    pub(crate) fn reap(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn text(&self, stream: Stream) -> String {
        let of_stream = self.lines_so_far.iter().filter(|(from, _)| *from == stream);
        of_stream.map(|(_, line)| format!("{line}\n")).collect()
    }

    /// All lines that were read so far, with their streams.
    pub(crate) fn transcript(&self) -> String {
        self.lines_so_far.iter().map(|(from, line)| format!("{from:?}: {line}\n")).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A pidfd and our own child: neither pid can have been reused.
        self.handle.signal(Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn_with_pipes(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn spawn_reader(stream: impl Read + Send + 'static, from: Stream, lines: Sender<(Stream, String)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
            line.clear();
            if lines.send((from, text)).is_err() {
                return;
            }
        }
    });
}
