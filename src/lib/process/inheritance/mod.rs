//! What a process inherits from the program that started it: the attributes that execve(2) preserves.
//! A shell, a service manager or a script may have changed any of them, and each program works with its
//! own values, wherever it is started.

mod limits;
mod restart;
mod signals;
mod streams;

use nix::sys::stat::{Mode, umask};
use nix::unistd::alarm;

use super::inherited_fds::close_inherited_fds;
use limits::LimitTooLow;
pub(crate) use restart::EXEC_COMMAND;
pub(crate) use restart::GUARD_OPTION;
pub(super) use restart::LIFELINE_OPTION;
pub(super) use signals::GUARD_BLOCKED;
pub(crate) use signals::unblock_all;

/// Only the user may enter or read what a program creates. The kernel takes these bits, and no others,
/// from every mode that a program asks for.
const UMASK: Mode = Mode::S_IRWXG.union(Mode::S_IRWXO);

/// Gives this process its own values for everything that it inherits. To be called first in `main`,
/// before this program opens a descriptor or starts a thread.
///
/// | inherited | from here on |
/// |---|---|
/// | limits | a soft limit that is too low for any program is raised, as far as the hard one permits |
/// | open descriptors | closed, except standard input, output and error |
/// | standard streams that do not block | a write waits for a slow reader |
/// | file mode creation mask | 077 |
/// | interval timers (setitimer(2)) | without effect |
/// | blocked and pending signals | none is blocked that asks for the end or reports a child or a fault, none is pending; a guard keeps those blocked that ask for the end |
/// | ignored signals, the mark of another session | the program starts once more, without them |
///
/// What is left as it is: the parent-death signal, priorities, the control group, the root and current
/// folder, the namespaces, `NO_NEW_PRIVS`, and the environment otherwise. Children of the program that
/// this one replaced are neither waited for nor ended, unless they are dead already.
///
/// # Errors
/// When a limit is too low for any of the programs. Nothing else is a failure: a system that refuses one
/// of these steps runs the program as it is.
pub(crate) fn reset_inheritance() -> Result<(), LimitTooLow> {
    // First: what follows opens files.
    limits::raise()?;
    close_inherited_fds();
    streams::wait_for_readers();
    set_umask();
    alarm::cancel();
    // Before the restart: exec(2) keeps the mask, so no timer ends the new start before it can block it.
    signals::block();
    let masks = signals::read_masks();
    restart::restart_if_needed(masks.ignored());
    let kept = if restart::is_guard() { &GUARD_BLOCKED[..] } else { &[] };
    signals::unblock_except(kept, masks.pending());
    Ok(())
}

/// nix panics where a container's filter refuses umask(2), which has no errors of its own. The mask then
/// stays as it is; no code of ours relies on it for what others may do.
fn set_umask() {
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(|| umask(UMASK));
    drop(std::panic::take_hook());
}
