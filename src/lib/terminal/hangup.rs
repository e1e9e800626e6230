//! The other ends of stdin, stdout and the terminal: futures that return as soon as one is closed, and
//! not only at the next read or write.

use std::fs::File;
use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;

use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

use super::background_writer::BackgroundWriter;
use super::write::OutputEnd;

/// Returns when the reader of stdout is gone: the read end of the pipe is closed, or the terminal hung
/// up. Never returns for a regular file. Must be called inside a runtime; makes all its system calls
/// at once, so that it can be called before a confinement that forbids them.
pub(crate) fn stdout_closed() -> impl Future<Output = ()> + use<> {
    closed(std::io::stdout().as_fd())
}

/// Returns when the reader of stdout is gone, or `writer`, if there is one, could not write to it. Must
/// be called like [`stdout_closed`].
pub(crate) fn stdout_end(
    writer: Option<&BackgroundWriter>,
) -> impl Future<Output = OutputEnd> + use<> {
    let closed = stdout_closed();
    let writer_end = writer.map(BackgroundWriter::output_end);
    async move {
        let writer_end = async {
            match writer_end {
                Some(end) => end.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = closed => OutputEnd::ReaderGone,
            end = writer_end => end,
        }
    }
}

/// Returns when the terminal on stderr hung up; never without one. SIGHUP is not enough: the shell does
/// not send it after `disown`, and `nohup` ignores it.
pub(crate) async fn terminal_closed() {
    if std::io::stderr().is_terminal() {
        closed(std::io::stderr().as_fd()).await;
    } else {
        std::future::pending().await
    }
}

/// Returns when stdin is a pipe or a socket and its writer is gone, whether or not data remain in it.
/// Never for anything else: a terminal has a hangup of its own, and `/dev/null` is the stdin of a
/// program that is not to end this way.
pub(crate) async fn stdin_closed() {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let stdin = stdin.and_then(|stdin| Ok((stdin.metadata()?.file_type(), stdin)));
    let pipe = stdin.ok().filter(|(kind, _)| kind.is_fifo() || kind.is_socket());
    match pipe.map(|(_, pipe)| watch_fd(pipe.into(), Interest::READABLE)) {
        // Nothing is read, and the kernel reports the end all the same.
        Some(Ok(pipe)) => wait_until(&pipe, Interest::READABLE, Ready::is_read_closed).await,
        Some(Err(_)) | None => std::future::pending().await,
    }
}

fn closed(fd: BorrowedFd<'_>) -> impl Future<Output = ()> + use<> {
    let fd = fd.try_clone_to_owned().and_then(|fd| watch_fd(fd, Interest::ERROR));
    async {
        match fd {
            Ok(fd) => wait_until(&fd, Interest::ERROR, Ready::is_error).await,
            // epoll_ctl(2) refuses a regular file (EPERM), which has no reader to lose.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Registers a pipe, socket or terminal with the runtime.
#[expect(
    deprecated,
    reason = "it is unsound for types that lie about their descriptor; an OwnedFd does not, and \
              what replaces it is unsafe"
)]
pub(super) fn watch_fd(fd: OwnedFd, interest: Interest) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, interest)
}

/// Returns when the readiness of `fd` fulfils `condition`.
async fn wait_until(fd: &AsyncFd<OwnedFd>, interest: Interest, condition: fn(Ready) -> bool) {
    loop {
        match fd.ready(interest).await {
            Ok(mut guard) if !condition(guard.ready()) => guard.clear_ready(),
            // An error means that the runtime is shutting down.
            Ok(_) | Err(_) => return,
        }
    }
}
