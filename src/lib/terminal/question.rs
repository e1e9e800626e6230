//! A question at the terminal that blocks, and the line that answers it.

use std::io::Read;
use std::os::fd::AsFd as _;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, tcflush};

use super::print::write_stderr;
use super::stdin::BlockingStdin;

/// Longest line. A terminal in line mode returns at most 4 096 bytes (termios(3)).
const MAX_INPUT_BYTES: usize = 4096;

/// Discards what was typed before the question, also half a line.
pub(crate) fn discard_typeahead() {
    let stdin = std::io::stdin();
    // tcflush(3) also drops keys that the kernel has received and not processed: a second Ctrl+C would
    // be lost. poll(2) on a terminal processes them first, so that it has become a signal.
    let _ = poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO);
    // After an error, an old line is read as an answer, which matches none and is asked again.
    let _ = tcflush(&stdin, FlushArg::TCIFLUSH);
}

/// Shows `question`, and blocks until a line is typed; `None` if the terminal is closed.
pub(crate) fn ask(question: &str) -> Option<String> {
    discard_typeahead();
    write_stderr(question).ok()?;
    read_typed(BlockingStdin)
}

/// The next line, trimmed; `None` at the end of the input, which Ctrl+D is in the first column.
pub(super) fn read_typed(mut stdin: impl Read) -> Option<String> {
    let mut line = [0; MAX_INPUT_BYTES];
    let length = stdin.read(&mut line).ok().filter(|length| *length > 0)?;
    Some(String::from_utf8_lossy(&line[..length]).trim().to_owned())
}
