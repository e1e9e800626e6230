//! Watches for the close of the terminal and of the pipes on standard input and output.

use std::pin::Pin;

use crate::supervisor::console::Console;
use crate::supervisor::session::{EndReason, EndRequest};
use crate::terminal::{self, OutputEnd};

/// Completes when a stream has ended; `None` once that was returned.
type Ended<T> = Option<Pin<Box<dyn Future<Output = T>>>>;

/// The streams whose end is that of the session.
pub(super) struct Streams {
    terminal: Ended<()>,
    stdout: Ended<OutputEnd>,
    stdin: Ended<()>,
}

impl Streams {
    /// Begins to watch; must be called inside a runtime.
    pub(super) fn watch(console: &Console) -> Self {
        Self {
            terminal: Some(Box::pin(terminal::terminal_closed())),
            stdout: Some(Box::pin(console.stdout_end())),
            stdin: Some(Box::pin(terminal::stdin_closed())),
        }
    }

    /// Waits until a stream has ended. Each is returned once. Cancel safe.
    pub(super) async fn ended(&mut self) -> EndReason {
        let request = tokio::select! {
            biased;
            () = once(&mut self.terminal) => EndRequest::TerminalClosed,
            end = once(&mut self.stdout) => match end {
                OutputEnd::ReaderGone => EndRequest::StdoutClosed,
                OutputEnd::Failed(error) => return EndReason::OutputFailed(error.to_string()),
            },
            () = once(&mut self.stdin) => EndRequest::StdinClosed,
        };
        EndReason::Requested(request)
    }
}

async fn once<T>(ended: &mut Ended<T>) -> T {
    let value = match ended {
        Some(future) => future.await,
        None => std::future::pending().await,
    };
    *ended = None;
    value
}
