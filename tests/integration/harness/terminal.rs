//! A program on a terminal of its own: what it prints there, and the keys that it gets.

use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use nix::sys::termios::Termios;
use rustix::process::Signal;

use super::pty::{self, Master, Pty};
use super::{DEADLINE, Output, ProcessHandle, under, witnessed};

/// A program that leads the session of its terminal; killed when dropped.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// The program, or the witness over it, which is not part of the terminal's session.
    child: Child,
    /// The program.
    pid: u32,
    handle: ProcessHandle,
    /// `None` once the terminal is closed.
    master: Option<Master>,
    path: String,
    /// Before the program was started.
    first_modes: Termios,
    output: Receiver<Vec<u8>>,
    /// Receives when all started processes have exited, if there is a witness; else when the stdout
    /// of the shell is closed.
    exited: Receiver<()>,
    raw: Vec<u8>,
    /// The end of the output that [`Terminal::wait_for`] has consumed.
    consumed: usize,
    last_typed: LastTyped,
}

/// The line that was entered last. It is shown as it is typed, before it has any effect.
#[derive(Debug, Default)]
pub(super) struct LastTyped(String);

impl LastTyped {
    pub(super) fn new(keys: &str) -> Self {
        let is_entered = keys.ends_with('\r') || keys.ends_with("Enter");
        Self(if is_entered { keys.to_owned() } else { String::new() })
    }

    /// Fails if a test that waits for the effect of the line waits for a part of the line itself.
    pub(super) fn assert_is_no_echo(&self, text: &str) {
        assert!(
            !self.0.contains(text),
            "{text:?} is shown when {:?} is typed: wait for the answer",
            self.0
        );
    }
}

impl Terminal {
    /// Starts `command` on a terminal with this many columns, under a witness: see
    /// [`Terminal::wait`].
    pub(crate) fn start(command: &Command, columns: u16) -> Self {
        Self::start_under(command, columns, |command| witnessed(&command))
    }

    /// The same with another wrapper than the witness, for tests that watch descendants themselves.
    pub(crate) fn start_under(
        command: &Command,
        columns: u16,
        wrap: fn(Command) -> Command,
    ) -> Self {
        let pty = Pty::open(columns);
        let path = pty.path.clone();
        let first_modes = pty::modes(&path);
        let (stdout, witness) = std::io::pipe().unwrap();
        // `setsid -c` makes the terminal the controlling one.
        let mut in_session = Command::new("setsid");
        // The shell prints its pid, and execs the program.
        in_session.args(["-c", "sh", "-c", "echo $$; exec 1>&0; exec \"$0\" \"$@\""]);
        let mut wrapped = wrap(under(in_session, command));
        let slave = pty.slave.try_clone().unwrap();
        wrapped.stdin(pty.slave.try_clone().unwrap()).stdout(witness).stderr(Stdio::from(slave));
        let child = wrapped.spawn().unwrap();
        // It owns copies of the slave side and of the witness's stdout.
        drop(wrapped);
        let mut stdout = BufReader::new(stdout);
        let mut pid = String::new();
        stdout.read_line(&mut pid).unwrap();
        let pid = pid.trim_end().parse().unwrap();
        let (master, output) = pty.into_master();
        let (handle, exited) = (ProcessHandle::open(pid), notify_at_eof(stdout));
        let master = Some(master);
        Self {
            child,
            pid,
            handle,
            master,
            path,
            first_modes,
            output,
            exited,
            raw: Vec::new(),
            consumed: 0,
            last_typed: LastTyped::default(),
        }
    }

    /// Waits for `text`, escape sequences left out, in the output after the last text that was
    /// waited for. Returns that output up to `text`.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.last_typed.assert_is_no_echo(text);
        let deadline = Instant::now() + DEADLINE;
        loop {
            if plain(&self.raw[self.consumed..]).contains(text) {
                return self.consume_up_to(text);
            }
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.raw.extend(bytes),
                Err(_) => panic!("{text:?} was not printed:\n{}", plain(&self.raw)),
            }
        }
    }

    /// Finds the shortest piece of output that contains `text`, by binary search over its end.
    fn consume_up_to(&mut self, text: &str) -> String {
        let (mut without, mut with) = (self.consumed, self.raw.len());
        while without + 1 < with {
            let middle = without.midpoint(with);
            let contains = plain(&self.raw[self.consumed..middle]).contains(text);
            if contains { with = middle } else { without = middle }
        }
        let output = plain(&self.raw[self.consumed..with]);
        self.consumed = with;
        output
    }

    /// Waits for more output; false if there is none up to `deadline`.
    #[allow(dead_code, reason = "the fault and fuzz tests have no screen")]
    pub(crate) fn wait_for_output(&mut self, deadline: Instant) -> bool {
        let output = self.output.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        output.map(|bytes| self.raw.extend(bytes)).is_ok()
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.last_typed = LastTyped::new(keys);
        self.master.as_mut().expect("the terminal is open").write(keys);
    }

    /// Sends the signal `name`, such as `TERM`, to the program; not through the terminal.
    pub(crate) fn signal(&self, name: &str) {
        super::signal(name, self.pid);
    }

    /// Changes the width; the program gets SIGWINCH.
    pub(crate) fn resize(&self, columns: u16) {
        pty::resize(&self.path, columns);
    }

    /// The modes of the terminal (termios(3)).
    pub(crate) fn modes(&self) -> Termios {
        pty::modes(&self.path)
    }

    /// The modes before the program was started.
    pub(crate) fn first_modes(&self) -> &Termios {
        &self.first_modes
    }

    /// Changes the modes of the terminal by these words of stty(1), as another program does.
    pub(crate) fn set_modes(&self, words: &str) {
        pty::set_modes(&self.path, words);
    }

    /// `/dev/pts/N`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Keeps the modes when no program has the terminal any more. To be dropped before
    /// [`Terminal::wait`], which waits for the end of the output.
    pub(crate) fn hold_modes(&self) -> File {
        pty::open_slave(&self.path)
    }

    /// Waits until the modes of the terminal fulfil `condition`, and returns them.
    pub(crate) fn wait_for_modes(&mut self, condition: impl Fn(&Termios) -> bool) -> Termios {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let modes = self.modes();
            if condition(&modes) {
                return modes;
            }
            assert!(Instant::now() < deadline, "{modes:?}:\n{}", self.transcript());
            // Modes have no descriptor to wait on.
            std::thread::yield_now();
        }
    }

    /// Closes the terminal, as closing its window does.
    pub(crate) fn close(&mut self) {
        self.master.take().expect("it is closed once").close();
    }

    /// All output that was read so far, with its escape sequences.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    #[allow(dead_code, reason = "used by tests/faults alone")]
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until all started processes have exited; false if one still runs at `deadline`.
    pub(crate) fn reaches_eof_by(&self, deadline: Instant) -> bool {
        let timeout = deadline.saturating_duration_since(Instant::now());
        self.exited.recv_timeout(timeout) != Err(RecvTimeoutError::Timeout)
    }

    /// Waits for the exit of the program, and reaps it.
    pub(crate) fn reap(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// All output so far, without escape sequences.
    pub(crate) fn transcript(&mut self) -> String {
        self.raw.extend(self.output.try_iter().flatten());
        plain(&self.raw)
    }

    /// Waits until the program and all processes that it started have exited. `stdout` is the
    /// output with its escape sequences, `stderr` without.
    pub(crate) fn wait(mut self) -> Output {
        let all_exited = self.reaches_eof_by(Instant::now() + DEADLINE);
        assert!(all_exited, "a process still runs:\n{}", self.transcript());
        let status = self.reap();
        if self.master.is_some() {
            // With the slave side closed the reader comes to its end by itself.
            self.raw.extend(self.output.iter().flatten());
        }
        Output { status, stdout: self.raw(), stderr: plain(&self.raw) }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A pidfd and our own child: neither pid can have been reused.
        self.handle.signal(Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A receiver that gets a message at EOF.
fn notify_at_eof(mut stream: BufReader<PipeReader>) -> Receiver<()> {
    let (sender, eof) = channel();
    std::thread::spawn(move || {
        let _ = stream.read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    eof
}

/// Text without the escape sequences that move the cursor or set colours.
pub(crate) fn plain(raw: &[u8]) -> String {
    console::strip_ansi_codes(&String::from_utf8_lossy(raw)).into_owned()
}
