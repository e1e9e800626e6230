//! A running server. It is ended by its own handle, never by name.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, mkdtemp};

use super::control::ControlSocket;
use crate::load::Target;
use crate::machine::{self, Cores};

/// For the exit of a server after SIGTERM.
const EXIT_TIMEOUT: Duration = Duration::from_secs(15);

/// The name of the process of a room (proc_pid_comm(5)).
const ROOM: &str = "chattrace-serve";

/// A folder that is removed when dropped.
#[derive(Debug)]
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Creates a folder in the system's temporary folder.
    ///
    /// # Errors
    /// When that folder is not writable.
    pub(crate) fn new() -> Result<Self, String> {
        let template = std::env::temp_dir().join("chattrace-bench-XXXXXX");
        mkdtemp(&template).map(Self).map_err(|error| format!("{}: {error}", template.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into the folder and returns its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Processor time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuTimes {
    /// Of the supervisor, which is the host of a sealed room.
    pub(crate) host: Duration,
    /// Of the process that the clients are connected to.
    pub(crate) room: Duration,
}

/// A server that accepts connections; killed when dropped.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    pub(crate) target: Target,
    child: Child,
    /// Kept open: `chattrace-serve` ends when its standard output is closed.
    _stdout: BufReader<ChildStdout>,
    temp_dir: TempDir,
}

impl ServerProcess {
    /// Starts a program and reads the first line of its output: its port, or a link with a ticket.
    ///
    /// # Errors
    /// When it prints something else.
    pub(crate) fn start(
        name: &str,
        mut command: Command,
        cores: Cores,
        temp_dir: TempDir,
    ) -> Result<Self, String> {
        let errors = temp_dir.path().join("stderr");
        let file = File::create(&errors).map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = cores.spawn(&mut command)?;
        let stdout = child.stdout.take().ok_or("a child without its stdout")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        match Target::parse(line.trim()).filter(|_| read.is_ok()) {
            Some(target) => Ok(Self { target, child, _stdout: stdout, temp_dir }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                let stderr = fs::read_to_string(&errors).unwrap_or_default();
                Err(format!("{name} printed no address, but {line:?}; {}", stderr.trim()))
            }
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }

    /// The process that the clients are connected to: of a session, its `chattrace-serve`.
    pub(crate) fn room_pid(&self) -> Pid {
        let own = self.pid();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        let children = children.unwrap_or_default();
        let mut children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        let is_room = |pid: &i32| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == ROOM)
        };
        children.find(is_room).map_or(own, Pid::from_raw)
    }

    /// Connects to the control socket of a session.
    ///
    /// # Errors
    /// When this server is none.
    pub(crate) fn control(&self) -> Result<ControlSocket, String> {
        let sessions = self.temp_dir.path().join("run/chattrace");
        let mut folders = fs::read_dir(&sessions).map_err(|error| error.to_string())?.flatten();
        let socket = folders.find_map(|folder| {
            let path = folder.path().join("control.sock");
            path.exists().then_some(path)
        });
        let socket = socket.ok_or_else(|| format!("{}: no socket", sessions.display()))?;
        ControlSocket::connect(&socket)
    }

    /// The processor time of both processes so far.
    ///
    /// # Errors
    /// When one has ended.
    pub(crate) fn cpu_times(&self) -> Result<CpuTimes, String> {
        let (own, room) = (self.pid(), self.room_pid());
        let host = if own == room { Duration::ZERO } else { machine::cpu_time(own)? };
        Ok(CpuTimes { host, room: machine::cpu_time(room)? })
    }

    /// Sends SIGTERM.
    ///
    /// # Errors
    /// When the process has ended.
    pub(crate) fn terminate(&self) -> Result<(), String> {
        kill(self.pid(), Signal::SIGTERM).map_err(|error| format!("it has ended already: {error}"))
    }

    /// Waits until the process has ended.
    ///
    /// # Errors
    /// When it does not end in time, or ends with a failure.
    pub(crate) fn wait(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < EXIT_TIMEOUT {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("it ended with {status}")),
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("it did not end after SIGTERM".to_owned())
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
