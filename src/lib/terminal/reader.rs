//! Whether somebody still reads our stdout, noticed at once and not at the next write.

use std::os::fd::{AsFd as _, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Returns when the reader of stdout has gone: the pipe's other end is closed, the terminal hung
/// up. Never returns for what has no reader, such as a file. Must be called inside a runtime.
pub(crate) async fn reader_gone() {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    match stdout.and_then(watched) {
        Ok(end) => hung_up(&end).await,
        // A regular file cannot be watched (EPERM, epoll_ctl(2)): it has no reader to lose.
        Err(_) => std::future::pending().await,
    }
}

#[expect(
    deprecated,
    reason = "it is unsound for types that lie about their descriptor; an OwnedFd does not, and \
              what replaces it is unsafe"
)]
fn watched(end: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(end, Interest::ERROR)
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
