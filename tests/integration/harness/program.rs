//! A running program, its lines as they come, and the whole story when a wait fails.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{DEADLINE, in_shell, witnessed};

/// A process that need not be a child of ours. Means this one as long as it is held; `None` if it had
/// ended, and was collected, before it could be held.
#[derive(Debug)]
pub(crate) struct Living(Option<OwnedFd>);

impl Living {
    /// The caller knows that it has not been collected, or that its number was given a moment ago.
    pub(crate) fn hold(pid: u32) -> Self {
        let pid = Pid::from_raw(pid.cast_signed()).expect("a process has a number");
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Self(Some(handle)),
            Err(Errno::SRCH) => Self(None),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for its end: it is readable then (pidfd_open(2)).
    pub(crate) fn ends(&self) {
        let Some(handle) = &self.0 else { return };
        let mut watched = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
        let ended = poll(&mut watched, PollTimeout::try_from(DEADLINE).unwrap());
        assert_eq!(ended, Ok(1), "it does not end");
    }

    /// Kills it, if it is still there.
    pub(super) fn kill(&self) {
        if let Some(handle) = &self.0 {
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
    }
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Everything an ended program left.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The exit code; fails with the whole output when a signal ended it.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:#?}"))
    }

    /// Fails with the whole output unless the code is `code`.
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self:#?}");
        self
    }
}

/// Ended by its own number when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    /// The program, or the witness over it.
    child: Child,
    /// The program.
    pid: u32,
    living: Living,
    stdin: Option<ChildStdin>,
    lines: Receiver<(Stream, String)>,
    /// Of the stream that nobody was waiting for, in order.
    waiting: VecDeque<(Stream, String)>,
    said: Vec<(Stream, String)>,
}

impl Program {
    /// Starts it with pipes for all three streams. Their end is its own, or that of those of its
    /// children that have them.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped());
        Self::spawn(command)
    }

    /// Starts `command` through a line of shell, in which it is `"$0" "$@"`, and under a witness: the
    /// end of its output is the end of every process that descends from that shell.
    pub(crate) fn start_witnessed(command: &Command, script: &str) -> Self {
        // The shell says which process it is, and then becomes the program.
        let command = in_shell(command, &format!("echo $$; {script}"));
        let mut child = with_pipes(witnessed(&command).stdin(Stdio::piped()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut pid = String::new();
        stdout.read_line(&mut pid).unwrap();
        let pid = pid.trim_end().parse().unwrap();
        Self::of(child, pid, stdout)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = with_pipes(&mut command);
        let (pid, stdout) = (child.id(), BufReader::new(child.stdout.take().unwrap()));
        Self::of(child, pid, stdout)
    }

    fn of(mut child: Child, pid: u32, stdout: BufReader<ChildStdout>) -> Self {
        let (sender, lines) = channel();
        relay(stdout, Stream::Stdout, sender.clone());
        relay(child.stderr.take().unwrap(), Stream::Stderr, sender);
        let stdin = child.stdin.take();
        let living = Living::hold(pid);
        Self { child, pid, living, stdin, lines, waiting: VecDeque::new(), said: Vec::new() }
    }

    /// Runs it to its end, with nothing on stdin and nobody who could close it.
    pub(crate) fn run(mut command: Command) -> Ended {
        command.stdin(Stdio::null());
        Self::spawn(command).wait()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Writes to its stdin.
    pub(crate) fn write(&mut self, text: &str) {
        self.stdin.as_mut().expect("stdin is open").write_all(text.as_bytes()).unwrap();
    }

    /// End of file on its stdin.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends the signal `name`, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status();
        assert!(sent.unwrap().success(), "kill -{name} {}", self.pid());
    }

    /// The next line of `stream` for which `wanted` holds. Those of it before are passed over; those of
    /// the other stream wait: which of the two is faster is anybody's guess.
    pub(crate) fn line(&mut self, stream: Stream, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + DEADLINE;
        while let Some(at) = self.waiting.iter().position(|(from, _)| *from == stream) {
            let (_, line) = self.waiting.remove(at).unwrap();
            if wanted(&line) {
                return line;
            }
        }
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((from, line)) => {
                    self.said.push((from, line.clone()));
                    if from != stream {
                        self.waiting.push_back((from, line));
                    } else if wanted(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without the line:\n{}", self.story())
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the line did not come:\n{}", self.story())
                }
            }
        }
    }

    /// The next line of stdout.
    pub(crate) fn stdout_line(&mut self) -> String {
        self.line(Stream::Stdout, |_| true)
    }

    /// The next line of stdout that contains `part`.
    pub(crate) fn stdout_line_with(&mut self, part: &str) -> String {
        self.line(Stream::Stdout, |line| line.contains(part))
    }

    /// The next line of stderr that contains `part`.
    pub(crate) fn stderr_with(&mut self, part: &str) -> String {
        self.line(Stream::Stderr, |line| line.contains(part))
    }

    /// Waits until it is dead, whoever else still holds its streams. It is collected by
    /// [`Program::wait`].
    pub(crate) fn dead(&self) {
        self.living.ends();
    }

    /// Waits for the end of both streams and of the process.
    pub(crate) fn wait(mut self) -> Ended {
        assert!(self.is_silent_by(Instant::now() + DEADLINE), "it does not end:\n{}", self.story());
        let status = self.collect();
        Ended { status, stdout: self.text(Stream::Stdout), stderr: self.text(Stream::Stderr) }
    }

    /// Reads both streams until they end; false if one is still open at `end`.
    pub(crate) fn is_silent_by(&mut self, end: Instant) -> bool {
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    /// Waits for the end of the process and collects it.
    pub(crate) fn collect(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn text(&self, stream: Stream) -> String {
        let of = self.said.iter().filter(|(from, _)| *from == stream);
        of.map(|(_, line)| format!("{line}\n")).collect()
    }

    /// Every line so far.
    pub(crate) fn story(&self) -> String {
        self.said.iter().map(|(from, line)| format!("{from:?}: {line}\n")).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already collected by `wait`, or ended here; either way the handle means the program, and
        // the other is our own child.
        self.living.kill();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with_pipes(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn relay(stream: impl Read + Send + 'static, from: Stream, to: Sender<(Stream, String)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
            line.clear();
            if to.send((from, text)).is_err() {
                return;
            }
        }
    });
}
