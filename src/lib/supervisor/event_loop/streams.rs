//! Watches for the close of the terminal and of the pipes on standard input and output.

use std::pin::Pin;

use crate::supervisor::console::Console;
use crate::supervisor::session::EndRequest;
use crate::terminal;

/// Completes when a stream is closed; `None` once that was returned.
type Closed = Option<Pin<Box<dyn Future<Output = ()>>>>;

/// The streams whose close ends the session.
pub(super) struct Streams {
    terminal: Closed,
    stdout: Closed,
    stdin: Closed,
}

impl Streams {
    /// Begins to watch; must be called inside a runtime.
    pub(super) fn watch(console: &Console) -> Self {
        let write_failed = console.write_failed();
        let stdout = async {
            tokio::select! {
                () = terminal::stdout_closed() => {}
                () = write_failed => {}
            }
        };
        Self {
            terminal: Some(Box::pin(terminal::terminal_closed())),
            stdout: Some(Box::pin(stdout)),
            stdin: Some(Box::pin(terminal::stdin_closed())),
        }
    }

    /// Waits until a stream is closed. Each is returned once. Cancel safe.
    pub(super) async fn closed(&mut self) -> EndRequest {
        tokio::select! {
            biased;
            () = once(&mut self.terminal) => EndRequest::TerminalClosed,
            () = once(&mut self.stdout) => EndRequest::StdoutClosed,
            () = once(&mut self.stdin) => EndRequest::StdinClosed,
        }
    }
}

async fn once(closed: &mut Closed) {
    match closed {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
    *closed = None;
}
