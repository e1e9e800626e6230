//! The lines that the operator types while a session runs. Read without a thread, because a thread in
//! read(2) cannot be cancelled.

use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::foreground::is_interactive;
use super::hangup::watch_fd;
use super::question::read_typed;
use super::stdin::BlockingStdin;

/// What is typed at the terminal on stdin, line by line. The terminal stays in line mode: its own keys
/// for editing work, and no way out of the program has a mode to restore.
#[derive(Debug)]
pub(super) struct TypedLines {
    /// `None` without a terminal, and once it is closed.
    stdin: Option<AsyncFd<OwnedFd>>,
}

impl TypedLines {
    /// Must be called inside a runtime. Without a terminal on stdin and stderr, no line ever comes.
    pub(super) fn open() -> Self {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let stdin = is_terminal.then(|| std::io::stdin().as_fd().try_clone_to_owned());
        let stdin = stdin.and_then(Result::ok);
        Self { stdin: stdin.and_then(|stdin| watch_fd(stdin, Interest::READABLE).ok()) }
    }

    /// Reads nothing: no line ever comes.
    pub(super) fn closed() -> Self {
        Self { stdin: None }
    }

    /// The next line, trimmed; `None` at Ctrl+D, and once when the terminal is closed. In the background
    /// it waits: what is typed there belongs to the shell. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<String> {
        let Some(stdin) = &self.stdin else { return std::future::pending().await };
        loop {
            let Ok(mut ready) = stdin.readable().await else { break };
            if ready.ready().is_read_closed() {
                break;
            }
            // A terminal in line mode is readable once it has a whole line, so the read does not block.
            if is_interactive() && has_line(stdin) {
                return read_typed(BlockingStdin);
            }
            ready.clear_ready();
        }
        self.stdin = None;
        None
    }
}

/// Whether a read returns at once.
fn has_line(stdin: &AsyncFd<OwnedFd>) -> bool {
    let mut polled = [PollFd::new(stdin.get_ref().as_fd(), PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
