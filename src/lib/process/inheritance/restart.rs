//! A second start of this program, for what only execve(2) can change.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use tokio::signal::unix::{SignalKind, signal};

use super::signals::SignalBits;
use crate::paths;
use crate::process::required_calls::require_runtime_calls;

/// The option by which a service gets the pid of its supervisor.
pub(in crate::process) const LIFELINE_OPTION: &str = "--lifeline";

/// The option that makes `chattrace-clean` the guard of a session.
pub(crate) const GUARD_OPTION: &str = "--guard";

/// The first argument of a shim that becomes another program.
pub(crate) const EXEC_COMMAND: &str = "exec";

/// Replaces this process by the same program, if signals are ignored or the environment carries the
/// mark of another session; returns if neither is the case, or the system refuses.
///
/// Ignored signals stay ignored at exec, and caught ones get their default action (execve(2)). So each
/// is caught first. With CHLD ignored, the kernel would reap the children of this process unseen
/// (wait(2)); others would be ignored by every program that this one starts, cloudflared among them.
///
/// The mark is only found where the kernel put it at exec (proc_pid_environ(5)). A program that kept
/// another session's mark would be killed at the end of that session.
pub(super) fn restart_if_needed(ignored: SignalBits) {
    let foreign_mark = !is_of_session() && std::env::var_os(paths::SESSION_MARK).is_some();
    if !catch(ignored) && !foreign_mark {
        return;
    }
    let mut args = std::env::args_os();
    // Not by the name that it was called by, which need not lead to it.
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let name = args.next().unwrap_or_else(|| program.clone().into());
    let mut command = Command::new(program);
    command.arg0(name).args(args);
    if foreign_mark {
        command.env_remove(paths::SESSION_MARK);
    }
    // If it fails, the signals are caught without effect, which does in most cases.
    let _ = command.exec();
}

/// Catches the signals, and returns whether that succeeded for any.
fn catch(signals: SignalBits) -> bool {
    // Where a call of the runtime is refused, the runtime panics. The program goes on without it, and names
    // the call if it needs it.
    if signals == SignalBits::default() || require_runtime_calls().is_err() {
        return false;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
        return false;
    };
    let _entered = runtime.enter();
    let caught = |number: &i32| signal(SignalKind::from_raw(*number)).is_ok();
    signals.numbers().filter(caught).count() > 0
}

/// Whether this program is the guard of a session.
pub(super) fn is_guard() -> bool {
    std::env::args_os().nth(1).is_some_and(|arg| arg == GUARD_OPTION)
}

/// Whether another program of this session has started this one.
fn is_of_session() -> bool {
    let is_ours = |(place, arg): (usize, OsString)| {
        arg == LIFELINE_OPTION || (place == 0 && arg == EXEC_COMMAND)
    };
    std::env::args_os().skip(1).enumerate().any(is_ours)
}
