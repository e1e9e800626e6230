//! Lines for the program that reads our stdout, written on a thread of their own: a write to a pipe
//! that nobody empties waits for ever, and nobody else must wait with it.

use tokio::sync::{mpsc, watch};

use super::{Reader, result};

/// Lines that may wait for a reader who is busy. Later ones are dropped; whoever reads again finds
/// the right count in the next.
const WAITING: usize = 1024;

/// Room for a line and the way to the kernel; the usual 2 MiB would be locked in memory for nothing.
const STACK: usize = 64 * 1024;

/// The way to stdout.
#[derive(Debug)]
pub(crate) struct Lines {
    sender: mpsc::Sender<String>,
    done: watch::Receiver<bool>,
}

impl Lines {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, mut lines) = mpsc::channel::<String>(WAITING);
        let (ended, done) = watch::channel(false);
        let thread = std::thread::Builder::new().name("stdout".to_owned()).stack_size(STACK);
        thread.spawn(move || {
            while let Some(line) = lines.blocking_recv() {
                if result(&line) == Reader::Gone {
                    break;
                }
            }
            ended.send_replace(true);
        })?;
        Ok(Self { sender, done })
    }

    /// Hands over one line.
    pub(crate) fn tell(&self, line: String) {
        // Full: the reader is stuck. Closed: the reader is gone, which is noticed elsewhere.
        let _ = self.sender.try_send(line);
    }

    /// A future that returns when a line could not be written: nobody reads, or nobody can.
    pub(crate) fn refused(&self) -> impl Future<Output = ()> + use<> {
        let mut done = self.done.clone();
        async move {
            // An error means that the thread is gone, and nothing is written any more either.
            let _ = done.wait_for(|done| *done).await;
        }
    }

    /// Returns when everything that was handed over is written, or nobody reads it.
    pub(crate) async fn written(self) {
        let refused = self.refused();
        drop(self.sender);
        refused.await;
    }
}
