//! Whether our neighbours are still there: who reads our stdout, who writes to our stdin, and the
//! terminal. Noticed at once, and not at the next write or read.

use std::fs::File;
use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;

use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

/// Returns when the reader of stdout has gone: the pipe's other end is closed, the terminal hung
/// up. Never returns for what has no reader, such as a file. Must be called inside a runtime, and
/// watches from the call on: a process that may make no system call for it later asks for it in time.
pub(crate) fn stdout_closed() -> impl Future<Output = ()> {
    gone(std::io::stdout().as_fd())
}

/// Returns when the terminal on stderr hung up; never if there is none. The signal for it is not
/// enough: it reaches nobody after `disown`, and is ignored under `nohup`.
pub(crate) async fn terminal_closed() {
    if std::io::stderr().is_terminal() {
        gone(std::io::stderr().as_fd()).await;
    } else {
        std::future::pending().await
    }
}

/// Returns when stdin is a pipe or a socket and its other side is gone, whatever it may have written
/// before. Never for anything else: a terminal tells otherwise, and `/dev/null` is what a program
/// gets that nobody wants to end this way.
pub(crate) async fn stdin_closed() {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let kind = stdin.and_then(|stdin| Ok((stdin.metadata()?.file_type(), stdin)));
    let end = kind.ok().filter(|(kind, _)| kind.is_fifo() || kind.is_socket());
    match end.map(|(_, stdin)| watched(stdin.into(), Interest::READABLE)) {
        // Not read: what lies in it stays there, and its end is told all the same.
        Some(Ok(end)) => until(&end, Interest::READABLE, |ready| ready.is_read_closed()).await,
        Some(Err(_)) | None => std::future::pending().await,
    }
}

fn gone(end: BorrowedFd<'_>) -> impl Future<Output = ()> + use<> {
    let end = end.try_clone_to_owned().and_then(|end| watched(end, Interest::ERROR));
    async {
        match end {
            Ok(end) => hung_up(&end).await,
            // A regular file cannot be watched (EPERM, epoll_ctl(2)): it has no reader to lose.
            Err(_) => std::future::pending().await,
        }
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
    until(end, Interest::ERROR, |ready| ready.is_error()).await;
}

/// Returns when `over` holds of what the kernel says about the descriptor.
async fn until(end: &AsyncFd<OwnedFd>, interest: Interest, over: fn(Ready) -> bool) {
    loop {
        match end.ready(interest).await {
            Ok(mut guard) if !over(guard.ready()) => guard.clear_ready(),
            // An error here means that the runtime is ending.
            Ok(_) | Err(_) => return,
        }
    }
}
