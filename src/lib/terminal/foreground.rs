//! Whether this process group may use its terminal.

use std::io::IsTerminal as _;

use nix::sys::stat::fstat;
use nix::unistd::{getpgrp, tcgetpgrp};

/// Whether the operator can be asked: stdin and stderr are terminals, and this process group is in the
/// foreground. The kernel stops a background process that reads from its terminal (SIGTTIN).
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
        && std::io::stderr().is_terminal()
        && tcgetpgrp(std::io::stdin()).is_ok_and(|foreground| foreground == getpgrp())
}

/// Whether another process group is in the foreground of the terminal on stderr: a shell, mostly, that
/// started this one in the background. A terminal that is not ours to ask counts as free (ENOTTY).
pub(super) fn is_in_background() -> bool {
    tcgetpgrp(std::io::stderr()).is_ok_and(|foreground| foreground != getpgrp())
}

/// Whether stdin and stderr are one terminal, which controls this session. What is typed at one terminal
/// cannot be shown on another.
pub(super) fn is_one_terminal() -> bool {
    let device = |of: nix::Result<nix::sys::stat::FileStat>| of.map(|of| of.st_rdev);
    let is_same = match (device(fstat(std::io::stdin())), device(fstat(std::io::stderr()))) {
        (Ok(stdin), Ok(stderr)) => stdin == stderr,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    };
    is_same && tcgetpgrp(std::io::stdin()).is_ok() && tcgetpgrp(std::io::stderr()).is_ok()
}
