//! Starting a service: a sibling program that is told whom to tie itself to, and carries the mark.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::parent::own_pid;
use crate::paths;

/// Why a service does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpawnError {
    /// There is no such file beside us.
    #[error("{name} is missing: it should lie beside this program, at {path}; build or install all four together", path = path.display())]
    Missing {
        /// The program.
        name: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
    /// The system does not start it.
    #[error("cannot start {name}: {source}")]
    Refused {
        /// The program.
        name: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running service: leader of its own process group, reaped only by [`ServiceProcess::reap`].
#[derive(Debug)]
pub(crate) struct ServiceProcess {
    pid: Pid,
    /// Its standard output, if it was piped.
    pub(crate) stdout: Option<std::process::ChildStdout>,
    /// Its standard error, if it was piped; to be drained for as long as it lives.
    pub(crate) stderr: Option<std::process::ChildStderr>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitReason {
    /// By itself, with this code.
    Code(i32),
    /// By the signal of this number (signal(7)); a real-time signal has no name.
    Signal(i32),
}

impl From<ExitStatus> for ExitReason {
    fn from(status: ExitStatus) -> Self {
        // wait(2) gives one of the two for a process that has ended.
        let signal = || ExitReason::Signal(status.signal().unwrap_or_default());
        status.code().map_or_else(signal, ExitReason::Code)
    }
}

impl std::fmt::Display for ExitReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExitReason::Code(code) => write!(f, "ended with code {code}"),
            ExitReason::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(f, "was ended by {signal}"),
                Err(_) => write!(f, "was ended by signal {number}"),
            },
        }
    }
}

/// The program `name` beside our own.
///
/// # Errors
/// When it is not there.
pub(crate) fn program_path(name: &'static str) -> Result<PathBuf, SpawnError> {
    let own = std::env::current_exe().map_err(|source| SpawnError::Refused { name, source })?;
    let path = own.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(SpawnError::Missing { name, path }) }
}

/// Lets orphans of our children become our own children, so that none escapes the final sweep
/// (prctl(2), `PR_SET_CHILD_SUBREAPER`).
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn become_subreaper() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

impl ServiceProcess {
    /// Starts `command` with `--lifeline OUR_PID` behind its arguments and the mark of `session`.
    /// Its streams are the caller's to choose. Must be called on the main thread: see
    /// [`super::tie_to_parent`].
    ///
    /// # Errors
    /// When the system does not start it.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        session: &str,
    ) -> Result<Self, SpawnError> {
        let mut child = command
            .arg("--lifeline")
            .arg(own_pid().to_string())
            .env(paths::SESSION_MARK, session)
            // A backtrace would open files and may hold text of the room.
            .env("RUST_BACKTRACE", "0")
            .spawn()
            .map_err(|source| SpawnError::Refused { name, source })?;
        let pid = pid_of(&child);
        Ok(Self { pid, stdout: child.stdout.take(), stderr: child.stderr.take() })
    }

    /// Its process id, its own until it is reaped.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Lets it go on if somebody has stopped it.
    pub(crate) fn resume(&self) {
        let _ = kill(self.pid, Signal::SIGCONT);
    }

    /// Kills it and everything in its group.
    pub(crate) fn kill_group(&self) {
        // Both: before its first line has run, it still is in our group and leads none.
        let _ = killpg(self.pid, Signal::SIGKILL);
        let _ = kill(self.pid, Signal::SIGKILL);
    }

    /// Collects it if it has ended, after killing what is left of its group.
    ///
    /// First seen, then swept, then reaped: as long as it is a zombie, its number is not given to
    /// anybody else, so the group that is killed is certainly its own.
    pub(crate) fn reap(&self) -> Option<ExitReason> {
        let seen = waitid(Id::Pid(self.pid), flags() | WaitPidFlag::WNOWAIT);
        match seen {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => None,
            Ok(_) => {
                let _ = killpg(self.pid, Signal::SIGKILL);
                reason(waitpid(self.pid, None).ok()?)
            }
            Err(_) => Some(ExitReason::Code(0)),
        }
    }
}

/// Collects orphans that the kernel gave us, except the `known` ones, which are reaped by name.
pub(crate) fn reap_orphans(known: &[&ServiceProcess]) {
    while let Ok(status) = waitid(Id::All, flags() | WaitPidFlag::WNOWAIT) {
        let Some(pid) = status.pid() else { return };
        if known.iter().any(|service| service.pid == pid) {
            return;
        }
        let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
    }
}

/// Makes a command for a program that shall die with us and stay in our group: `own exec PID …`,
/// which ties itself with [`super::die_with_parent`] and then becomes that program (chain loading,
/// as in s6). Only `chattrace-tunnel` knows the word `exec`, and what follows.
///
/// # Errors
/// When the system does not say where our own program lies.
pub(crate) fn tied_command() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("exec").arg(own_pid().to_string());
    Ok(command)
}

/// Asks our child `pid` to end. The caller has not collected it, so the number is still its own.
pub(crate) fn terminate(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        ask_to_end(Pid::from_raw(pid));
    }
}

fn ask_to_end(pid: Pid) {
    // A stopped process acts on nothing but CONT and KILL. Gone already is what we want.
    let _ = kill(pid, Signal::SIGTERM);
    let _ = kill(pid, Signal::SIGCONT);
}

fn flags() -> WaitPidFlag {
    WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a pid fits in pid_t"))
}

fn reason(status: WaitStatus) -> Option<ExitReason> {
    match status {
        WaitStatus::Exited(_, code) => Some(ExitReason::Code(code)),
        WaitStatus::Signaled(_, signal, _) => Some(ExitReason::Signal(signal as i32)),
        WaitStatus::Stopped(..)
        | WaitStatus::PtraceEvent(..)
        | WaitStatus::PtraceSyscall(_)
        | WaitStatus::Continued(_)
        | WaitStatus::StillAlive => None,
    }
}
