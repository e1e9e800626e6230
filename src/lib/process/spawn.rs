//! Spawning and reaping services. A service is a program beside our own; it gets our pid, to die with
//! us, and the mark of the session in its environment.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use rustix::process::{WaitId, WaitIdOptions, WaitOptions};

use super::inheritance::{EXEC_COMMAND, GUARD_BLOCKED, LIFELINE_OPTION};
use super::parent::own_pid;
use super::session_process::child_pids;
use crate::paths;

/// Why a service could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpawnError {
    /// There is no such file beside our own program.
    #[error("{name} is missing: it should lie beside this program, at {path}; build or install all four together", path = path.display())]
    Missing { name: &'static str, path: PathBuf },
    /// The system refused a pipe, a fork or the exec.
    #[error("cannot start {name}: {source}")]
    Refused { name: &'static str, source: std::io::Error },
}

/// A service that was started. It leads a process group, and only [`ServiceProcess::reap`] reaps it.
#[derive(Debug)]
pub(crate) struct ServiceProcess {
    pid: Pid,
    /// `None` unless the caller piped it.
    pub(crate) stdout: Option<std::process::ChildStdout>,
    /// `None` unless the caller piped it. To be read for as long as the service runs, or it blocks.
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

/// The path of the program `name`, which lies beside our own.
///
/// # Errors
/// When there is no such file.
pub(crate) fn sibling_path(name: &'static str) -> Result<PathBuf, SpawnError> {
    let own = std::env::current_exe().map_err(|source| SpawnError::Refused { name, source })?;
    let path = own.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(SpawnError::Missing { name, path }) }
}

/// Makes this process the parent of orphans among its descendants (prctl(2),
/// `PR_SET_CHILD_SUBREAPER`), so that it can kill and reap them when the session ends.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn become_subreaper() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

impl ServiceProcess {
    /// Spawns `command` with the argument `--lifeline OUR_PID` and the mark of `session`. The caller
    /// chooses its streams. Must be called on the main thread: see [`super::become_service`].
    ///
    /// # Errors
    /// [`SpawnError::Refused`], when the system does not spawn it.
    pub(crate) fn spawn(
        name: &'static str,
        mut command: Command,
        session: &str,
    ) -> Result<Self, SpawnError> {
        let mut child = command
            .arg(LIFELINE_OPTION)
            .arg(own_pid().to_string())
            .env(paths::SESSION_MARK, session)
            // A backtrace opens files and may contain text of the room.
            .env("RUST_BACKTRACE", "0")
            .spawn()
            .map_err(|source| SpawnError::Refused { name, source })?;
        let pid = pid_of(&child);
        Ok(Self { pid, stdout: child.stdout.take(), stderr: child.stderr.take() })
    }

    /// Spawns the guard like any service, with the signals blocked that end the session: a closed
    /// terminal signals all of its foreground group, to which the guard belongs until it leads a session.
    ///
    /// # Errors
    /// As [`ServiceProcess::spawn`].
    pub(crate) fn spawn_guard(
        name: &'static str,
        command: Command,
        session: &str,
    ) -> Result<Self, SpawnError> {
        let refused = |error: Errno| SpawnError::Refused { name, source: error.into() };
        // The child has the mask of the thread that spawns it.
        let block = SigSet::from_iter(GUARD_BLOCKED);
        let before = block.thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(refused)?;
        let spawned = Self::spawn(name, command, session);
        before.thread_set_mask().map_err(refused)?;
        spawned
    }

    /// Its pid, which no other process gets until it is reaped.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Continues it in case it was stopped.
    pub(crate) fn resume(&self) {
        let _ = kill(self.pid, Signal::SIGCONT);
    }

    /// Kills it and its process group.
    pub(crate) fn kill_group(&self) {
        // Both: until it has called setsid(2), it is in our group and leads none.
        let _ = killpg(self.pid, Signal::SIGKILL);
        let _ = kill(self.pid, Signal::SIGKILL);
    }

    /// Reaps it if it has exited, after killing what is left of its group; `None` while it runs.
    ///
    /// The group is killed while the leader is a zombie: until it is reaped no other process can get
    /// its pid, so the group is certainly its own.
    pub(crate) fn reap(&self) -> Option<ExitReason> {
        // Not by nix, which reports an end by a real-time signal as an error.
        let pid = rustix::process::Pid::from_raw(self.pid.as_raw())?;
        let exited = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(pid), exited) {
            Ok(None) | Err(rustix::io::Errno::INTR) => None,
            Ok(Some(_)) => {
                let _ = killpg(self.pid, Signal::SIGKILL);
                wait_now(self.pid)
            }
            // It was reaped before; how it ended is not known.
            Err(_) => Some(ExitReason::Code(0)),
        }
    }
}

/// Reaps orphans that became our children, but no `known` service: [`ServiceProcess::reap`] returns how
/// it ended.
pub(crate) fn reap_orphans(known: &[&ServiceProcess]) {
    let exited_now = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    loop {
        let exited = match waitid(Id::All, exited_now) {
            Ok(status) => status.pid().into_iter().collect(),
            // A child was ended by a real-time signal, and nix does not say which child.
            Err(Errno::EINVAL) => child_pids(),
            Err(_) => return,
        };
        let orphans = exited.into_iter().filter(|pid| known.iter().all(|known| known.pid != *pid));
        if orphans.filter_map(wait_now).count() == 0 {
            return;
        }
    }
}

/// The beginning of a command for a program that dies with us and stays in our process group: our own
/// program as a shim, `chattrace-tunnel exec OUR_PID …`. It calls [`super::die_with_parent`] and then
/// execs the program (chain loading, as in s6). Only `chattrace-tunnel` has the argument `exec`.
///
/// # Errors
/// When the path of our own program is not known.
pub(crate) fn shim_command() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(EXEC_COMMAND).arg(own_pid().to_string());
    Ok(command)
}

/// Sends SIGTERM to our child `pid`. The caller has not reaped it, so the pid is still its own.
pub(crate) fn terminate(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a pid fits in pid_t"));
    // A stopped process acts on no signal but CONT and KILL. An error means that it has exited.
    let _ = kill(pid, Signal::SIGTERM);
    let _ = kill(pid, Signal::SIGCONT);
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a pid fits in pid_t"))
}

/// Reaps our child `pid` if it has exited; `None` if it runs, or is not our child.
fn wait_now(pid: Pid) -> Option<ExitReason> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw())?;
    let (_, status) = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG).ok()??;
    Some(ExitStatus::from_raw(status.as_raw()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child of this test that ends itself by `signal`, and has ended.
    fn ended_by(signal: i32) -> ServiceProcess {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("kill -{signal} $$")]);
        let child = ServiceProcess::spawn("sh", command, "test").unwrap();
        let pid = rustix::process::Pid::from_raw(child.pid()).unwrap();
        let exited = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        rustix::process::waitid(WaitId::Pid(pid), exited).unwrap();
        child
    }

    /// Real-time signals, too: nix has no name for them.
    #[test]
    fn a_service_that_any_signal_ends_is_reaped_with_its_number() {
        for signal in [9, 40] {
            let child = ended_by(signal);
            assert!(child_pids().contains(&child.pid));
            assert_eq!(child.reap(), Some(ExitReason::Signal(signal)));
            assert_eq!(kill(child.pid, None), Err(Errno::ESRCH), "reaped");
        }
    }
}
