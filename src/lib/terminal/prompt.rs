//! One line from the person at the keyboard, without a thread that could not be stopped.

use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;

use nix::sys::termios::{FlushArg, tcflush};
use nix::unistd::{getpgrp, read, tcgetpgrp};
use tokio::io::Interest;

use super::hangup::watched;

/// Longest answer. A terminal in line mode hands over at most 4 096 bytes (termios(3)).
const ANSWER: usize = 4096;

/// Whether somebody can be asked: a terminal on both sides, and we are in front of it. Whoever
/// reads from the background is stopped by the kernel (SIGTTIN).
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
        && std::io::stderr().is_terminal()
        && tcgetpgrp(std::io::stdin()).is_ok_and(|front| front == getpgrp())
}

/// Forgets what was typed before the question, which cannot have been the answer.
pub(crate) fn discard_typeahead() {
    // Refused: then the old line is taken for an answer that nobody understands.
    let _ = tcflush(std::io::stdin(), FlushArg::TCIFLUSH);
}

/// The next line that is typed, without spaces around it; `None` when nobody types any more. Safe
/// to cancel. Must be called inside a runtime.
pub(crate) async fn read_line() -> Option<String> {
    let input = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    let input = watched(input, Interest::READABLE).ok()?;
    let _ready = input.readable().await.ok()?;
    let mut answer = [0; ANSWER];
    // In line mode a readable terminal has a whole line, so this does not block.
    let length = read(input.get_ref(), &mut answer).ok().filter(|length| *length > 0)?;
    Some(String::from_utf8_lossy(&answer[..length]).trim().to_owned())
}
