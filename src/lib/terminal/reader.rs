//! Whether somebody still reads our stdout, noticed at once and not at the next write.

use std::os::fd::{AsFd as _, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Returns when the reader of stdout has gone: the pipe's other end is closed, the terminal hung
/// up. Never returns for what has no reader, such as a file. Must be called inside a runtime.
pub(crate) async fn reader_gone() {
    let watched = std::io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|end| AsyncFd::with_interest(end, Interest::ERROR));
    match watched {
        Ok(end) => hung_up(&end).await,
        // A regular file cannot be watched (EPERM, epoll_ctl(2)): it has no reader to lose.
        Err(_) => std::future::pending().await,
    }
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
