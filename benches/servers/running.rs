//! A server that runs: ended by its own handle, never by name.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, mkdtemp};

use crate::load::{Dialect, Target};
use crate::machine::Cores;

/// Whoever has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// A folder of our own that is gone afterwards.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new one.
    ///
    /// # Errors
    /// When the temporary folder cannot be written to.
    pub(crate) fn new() -> Result<Self, String> {
        let template = std::env::temp_dir().join("chattrace-bench-XXXXXX");
        mkdtemp(&template).map(Self).map_err(|error| format!("{}: {error}", template.display()))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it.
    ///
    /// # Errors
    /// When the disk is full.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where, and how to get in.
    pub(crate) target: Target,
    child: Child,
    /// Kept open: the room ends when nobody reads it.
    _stdout: BufReader<ChildStdout>,
    _scratch: Scratch,
}

impl Running {
    /// Starts a program that says on its first line where it listens: by its port, or by a link with
    /// a ticket.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn start(
        name: &str,
        mut command: Command,
        cores: Cores,
        scratch: Scratch,
    ) -> Result<Self, String> {
        let errors = scratch.path().join("stderr");
        let file = File::create(&errors).map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = cores.spawn(&mut command)?;
        let stdout = child.stdout.take().ok_or("a child without its stdout")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        match target(line.trim()).filter(|_| read.is_ok()) {
            Some(target) => Ok(Self { target, child, _stdout: stdout, _scratch: scratch }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                let said = fs::read_to_string(&errors).unwrap_or_default();
                Err(format!("{name} does not say where it listens, but {line:?}; {}", said.trim()))
            }
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// When it is gone already.
    pub(crate) fn terminate(&self) -> Result<(), String> {
        kill(self.pid(), Signal::SIGTERM).map_err(|error| format!("it is gone already: {error}"))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not come, or comes with a code of failure.
    pub(crate) fn ended(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("it ended with {status}")),
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("it does not end when it is asked to".to_owned())
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a first line tells.
fn target(line: &str) -> Option<Target> {
    if let Some(link) = line.strip_prefix("http://") {
        let (address, ticket) = link.split_once("/t/")?;
        let (address, ticket) = (address.parse().ok()?, Some(ticket.to_owned()));
        return Some(Target { address, ticket, dialect: Dialect::Room });
    }
    let port: u16 = line.parse().ok()?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    Some(Target { address, ticket: None, dialect: Dialect::Relay })
}
