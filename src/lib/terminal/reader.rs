//! Whether somebody still reads our stdout, noticed at once and not at the next write.

use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Returns when the reader of stdout has gone: the pipe's other end is closed, the terminal hung
/// up. Never returns for what has no reader, such as a file. Must be called inside a runtime.
pub(crate) async fn reader_gone() {
    gone(std::io::stdout().as_fd()).await;
}

/// Returns when the terminal on stderr hung up; never if there is none. The signal for it is not
/// enough: it reaches nobody after `disown`, and is ignored under `nohup`.
pub(crate) async fn terminal_gone() {
    if std::io::stderr().is_terminal() {
        gone(std::io::stderr().as_fd()).await;
    } else {
        std::future::pending().await
    }
}

async fn gone(end: BorrowedFd<'_>) {
    let end = end.try_clone_to_owned();
    match end.and_then(|end| watched(end, Interest::ERROR)) {
        Ok(end) => hung_up(&end).await,
        // A regular file cannot be watched (EPERM, epoll_ctl(2)): it has no reader to lose.
        Err(_) => std::future::pending().await,
    }
}

/// Watches a descriptor of a pipe, socket or terminal.
#[expect(
    deprecated,
    reason = "it is unsound for types that lie about their descriptor; an OwnedFd does not, and \
              what replaces it is unsafe"
)]
pub(super) fn watched(end: OwnedFd, interest: Interest) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(end, interest)
}

async fn hung_up(end: &AsyncFd<OwnedFd>) {
    loop {
        match end.ready(Interest::ERROR).await {
            Ok(mut guard) if !guard.ready().is_error() => guard.clear_ready(),
            // An error here means that the runtime is ending.
            Ok(_) | Err(_) => return,
        }
    }
}
