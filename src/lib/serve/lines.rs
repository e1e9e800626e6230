//! Lines for the program that reads our stdout, written on a thread of their own: a write to a pipe
//! that nobody empties waits for ever, and the room must not wait with it.

use tokio::sync::{mpsc, oneshot};

use crate::terminal::{self, Reader};

/// Lines that may wait for a reader who is busy. Later ones are dropped; whoever reads again finds
/// the right count in the next.
const WAITING: usize = 1024;

/// Room for a line and the way to the kernel; the usual 2 MiB would be locked in memory for nothing.
const STACK: usize = 64 * 1024;

/// The way to stdout.
pub(super) struct Lines {
    sender: mpsc::Sender<String>,
    done: oneshot::Receiver<()>,
}

impl Lines {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn start() -> std::io::Result<Self> {
        let (sender, mut lines) = mpsc::channel::<String>(WAITING);
        let (ended, done) = oneshot::channel();
        let thread = std::thread::Builder::new().name("stdout".to_owned()).stack_size(STACK);
        thread.spawn(move || {
            while let Some(line) = lines.blocking_recv() {
                if terminal::result(&line) == Reader::Gone {
                    break;
                }
            }
            // Nobody waits for it any more: the program has ended.
            let _ = ended.send(());
        })?;
        Ok(Self { sender, done })
    }

    /// Hands over one line.
    pub(super) fn tell(&self, line: String) {
        // Full: the reader is stuck. Closed: the reader is gone, which is noticed elsewhere.
        let _ = self.sender.try_send(line);
    }

    /// Returns when everything that was handed over is written, or nobody reads it.
    pub(super) async fn written(self) {
        drop(self.sender);
        let _ = self.done.await;
    }
}
