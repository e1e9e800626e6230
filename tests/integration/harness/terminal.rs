//! A terminal of a test's own: a program in front of it, what it shows, and the keys.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

use super::{DEADLINE, Ended, Living, witnessed};

/// A program that has a terminal for itself. Ended by its own number when dropped.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// The program, or the witness over it, which is no part of the terminal's session.
    child: Child,
    /// The program.
    pid: u32,
    living: Living,
    /// The end that the person would sit at; `None` once it is closed.
    ours: Option<Sitting>,
    path: String,
    shown: Receiver<Vec<u8>>,
    /// The end of everybody who was started, if there is a witness; else that of the shell's stdout.
    dead: Receiver<()>,
    raw: Vec<u8>,
    /// Up to where [`Terminal::see`] has read.
    seen: usize,
}

#[derive(Debug)]
struct Sitting {
    keys: File,
    /// Dropped, it ends the reader.
    _stop: OwnedFd,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts `command` as the one program of a terminal of so many columns, under a witness: see
    /// [`Terminal::wait`].
    pub(crate) fn start(command: &Command, columns: u16) -> Self {
        Self::start_under(command, columns, |seated| witnessed(&seated))
    }

    /// The same with this over it, which may be nothing for a test that is a witness itself. `setsid -c`
    /// gives the program the terminal.
    pub(crate) fn start_under(
        command: &Command,
        columns: u16,
        under: fn(Command) -> Command,
    ) -> Self {
        // CLOEXEC from the beginning: a child of another test that inherits our end would keep the
        // terminal open. (openpty(3) cannot.)
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname_r(&master).unwrap();
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(nix::libc::O_NOCTTY)
            .open(&path)
            .unwrap();
        resize(&path, columns);
        let (alive, witness) = std::io::pipe().unwrap();
        let mut seated = Command::new("setsid");
        // The shell says which process it is, and then becomes the program.
        seated.args(["-c", "sh", "-c", "echo $$; exec 1>&0; exec \"$0\" \"$@\""]);
        seated.arg(command.get_program()).args(command.get_args());
        seated.env_clear().current_dir(command.get_current_dir().unwrap());
        seated.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut seated = under(seated);
        seated.stdin(slave.try_clone().unwrap()).stdout(witness).stderr(Stdio::from(slave));
        let child = seated.spawn().unwrap();
        // It holds our copies of the slave and of the witness.
        drop(seated);
        let mut alive = BufReader::new(alive);
        let mut pid = String::new();
        alive.read_line(&mut pid).unwrap();
        let pid = pid.trim_end().parse().unwrap();
        let master = File::from(master.as_fd().try_clone_to_owned().unwrap());
        let (ours, shown) = Sitting::down(master);
        let (living, dead) = (Living::hold(pid), watch(alive));
        Self { child, pid, living, ours: Some(ours), path, shown, dead, raw: Vec::new(), seen: 0 }
    }

    /// Waits until `text` is shown, colours and movements left out, after whatever was waited for
    /// before; gives everything up to it.
    pub(crate) fn see(&mut self, text: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let fresh = plain(&self.raw[self.seen..]);
            if fresh.contains(text) {
                return self.read_up_to(text);
            }
            match self.shown.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.raw.extend(bytes),
                Err(_) => panic!("{text:?} was not shown:\n{}", plain(&self.raw)),
            }
        }
    }

    fn read_up_to(&mut self, text: &str) -> String {
        let (mut short, mut enough) = (self.seen, self.raw.len());
        while short + 1 < enough {
            let middle = short.midpoint(enough);
            let contains = plain(&self.raw[self.seen..middle]).contains(text);
            if contains { enough = middle } else { short = middle }
        }
        let read = plain(&self.raw[self.seen..enough]);
        self.seen = enough;
        read
    }

    /// Presses keys.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.ours.as_mut().expect("the terminal is open").keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Sends the program the signal `name`, such as `TERM`; not through the terminal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid.to_string();
        assert!(Command::new("kill").args([format!("-{name}"), pid]).status().unwrap().success());
    }

    /// Makes it so many columns wide; the program in front of it is told.
    pub(crate) fn resize(&self, columns: u16) {
        resize(&self.path, columns);
    }

    /// Closes it, as closing the window does.
    pub(crate) fn close(&mut self) {
        let Sitting { keys, _stop, reader } = self.ours.take().expect("it is closed once");
        drop(_stop);
        reader.join().unwrap();
        drop(keys);
    }

    /// Everything that was shown so far, as it came.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// The process id of the program, which leads the session of this terminal.
    #[allow(dead_code, reason = "used by tests/faults alone")]
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until everybody who was started is dead; false if somebody still lives at `end`.
    pub(crate) fn is_silent_by(&self, end: Instant) -> bool {
        let patience = end.saturating_duration_since(Instant::now());
        self.dead.recv_timeout(patience) != Err(RecvTimeoutError::Timeout)
    }

    /// Waits for the end of the program and collects it.
    pub(crate) fn collect(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Everything that was shown so far, without colours and movements.
    pub(crate) fn story(&mut self) -> String {
        self.raw.extend(self.shown.try_iter().flatten());
        plain(&self.raw)
    }

    /// Waits until the program and everybody it started are dead. `stdout` has everything that was
    /// shown, as it came; `stderr` has it without colours and movements.
    pub(crate) fn wait(mut self) -> Ended {
        assert!(
            self.is_silent_by(Instant::now() + DEADLINE),
            "somebody still lives:\n{}",
            self.story()
        );
        let status = self.collect();
        if self.ours.is_some() {
            // With nobody on the other side the reader comes to its end by itself.
            self.raw.extend(self.shown.iter().flatten());
        }
        Ended { status, stdout: self.raw(), stderr: plain(&self.raw) }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Already collected by `wait`, or ended here; either way the handle means the program, and
        // the other is our own child.
        self.living.kill();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sitting {
    fn down(master: File) -> (Self, Receiver<Vec<u8>>) {
        let (stopped, stop) = std::io::pipe().unwrap();
        let (sender, shown) = channel();
        let keys = master.try_clone().unwrap();
        let reader = std::thread::spawn(move || read(master, &stopped.into(), &sender));
        (Self { keys, _stop: stop.into(), reader }, shown)
    }
}

/// Reads until the other side is gone, or until told to stop, and closes its end.
fn read(mut master: File, stop: &OwnedFd, to: &Sender<Vec<u8>>) {
    let mut bytes = [0; 4096];
    loop {
        let wanted = PollFlags::POLLIN;
        let mut both = [PollFd::new(master.as_fd(), wanted), PollFd::new(stop.as_fd(), wanted)];
        poll(&mut both, PollTimeout::NONE).unwrap();
        if both[1].any() == Some(true) {
            return;
        }
        match master.read(&mut bytes) {
            Ok(length) if length > 0 && to.send(bytes[..length].to_vec()).is_ok() => {}
            // EIO: nobody has the terminal open any more.
            Ok(_) | Err(_) => return,
        }
    }
}

/// By a program, because the call for it is not safe in the language's sense.
fn resize(path: &str, columns: u16) {
    let size = ["-F", path, "rows", "40", "cols", &columns.to_string()];
    assert!(Command::new("stty").args(size).status().unwrap().success());
}

fn watch(mut alive: BufReader<PipeReader>) -> Receiver<()> {
    let (sender, dead) = channel();
    std::thread::spawn(move || {
        let _ = alive.read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    dead
}

/// Without what moves the cursor or paints.
pub(crate) fn plain(raw: &[u8]) -> String {
    console::strip_ansi_codes(&String::from_utf8_lossy(raw)).into_owned()
}
