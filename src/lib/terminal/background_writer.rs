//! Output on a thread of its own. A write to a pipe that is never read, or to a terminal that was
//! stopped with Ctrl+S, blocks without end, and the event loop must not block with it.

use std::io;

use tokio::sync::{mpsc, watch};

use super::write::OutputEnd;

/// Lines that wait for a slow reader. Later ones are dropped. That is no loss for long: every line
/// about presence carries the whole count.
const MAX_QUEUED_LINES: usize = 1024;

/// Enough for formatting a line and the write; the usual 2 MiB would be locked in memory for nothing.
const STACK_BYTES: usize = 64 * 1024;

/// The sending end of a thread that writes to stdout or stderr.
#[derive(Debug)]
pub(crate) struct BackgroundWriter {
    sender: mpsc::Sender<String>,
    end: watch::Receiver<Option<Result<(), OutputEnd>>>,
    thread: std::thread::JoinHandle<()>,
}

impl BackgroundWriter {
    /// Starts a thread with the name `name` that passes each line to `write`, up to its first error. It
    /// has begun to run when this returns: the confinement that follows may forbid the system calls of a
    /// thread's start.
    ///
    /// # Errors
    /// When the system allows no further thread.
    pub(crate) fn start(name: &str, write: fn(&str) -> Result<(), OutputEnd>) -> io::Result<Self> {
        let (sender, mut lines) = mpsc::channel::<String>(MAX_QUEUED_LINES);
        let (end_sender, end) = watch::channel(None);
        let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
        let (started_sender, started) = std::sync::mpsc::channel();
        let thread = thread.spawn(move || {
            let _ = started_sender.send(());
            let mut written = Ok(());
            while written.is_ok()
                && let Some(line) = lines.blocking_recv()
            {
                written = write(&line);
            }
            end_sender.send_replace(Some(written));
        })?;
        // An error means that the thread has ended already, which `output_end` reports.
        let _ = started.recv();
        Ok(Self { sender, end, thread })
    }

    /// Queues `text` for one write. Drops it when the queue is full.
    pub(crate) fn send(&self, text: String) {
        // A full queue means that the reader is stuck; a closed one is reported by `output_end`.
        let _ = self.sender.try_send(text);
    }

    /// Returns when nothing more can be written, and why.
    pub(super) fn output_end(&self) -> impl Future<Output = OutputEnd> + use<> {
        let written = self.written();
        async move {
            match written.await {
                Err(end) => end,
                // Everything is written, and no more lines come.
                Ok(()) => std::future::pending().await,
            }
        }
    }

    /// Returns when every queued line is written.
    ///
    /// # Errors
    /// When a line could not be written; those behind it are dropped.
    pub(crate) async fn flush(self) -> Result<(), OutputEnd> {
        let written = self.written();
        drop(self.sender);
        let written = written.await;
        // The thread only drops its queue now. If it did so while `memory::wipe_and_exit` overwrites the
        // heap, the process would exit by SIGSEGV: nine of 3 000 did.
        let _ = self.thread.join();
        written
    }

    /// Returns the result of the last write when the thread ends.
    fn written(&self) -> impl Future<Output = Result<(), OutputEnd>> + use<> {
        let mut end = self.end.clone();
        async move {
            // An error means that the thread is gone without a result: it has panicked.
            end.wait_for(Option::is_some).await.map_or(Ok(()), |end| (*end).unwrap_or(Ok(())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_running(name: &str) -> bool {
        std::fs::read_dir("/proc/self/task").unwrap().any(|task| {
            // A thread that ended since has no file any more.
            let comm = std::fs::read_to_string(task.unwrap().path().join("comm"));
            comm.is_ok_and(|comm| comm.trim_end() == name)
        })
    }

    /// The heap is overwritten right after, by [`crate::memory::wipe_and_exit`].
    #[tokio::test]
    async fn the_thread_has_ended_when_flush_returns() {
        for _ in 0..1000 {
            let writer = BackgroundWriter::start("flushed", |_| Ok(())).unwrap();
            writer.send("a line".to_owned());
            assert_eq!(writer.flush().await, Ok(()));
            assert!(!is_running("flushed"));
        }
    }
}
