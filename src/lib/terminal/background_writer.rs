//! Text on its way out, written on a thread of its own: a write to a pipe that nobody empties, or to
//! a terminal that was stopped with Ctrl+S, waits for ever, and nobody else must wait with it.

use std::io::Result;

use indicatif::TermLike;
use tokio::sync::{mpsc, watch};

use super::OutputState;

/// Lines that may wait for a reader who is busy. Later ones are dropped; whoever reads again finds
/// the right count in the next.
const WAITING: usize = 1024;

/// Room for a line and the way to the kernel; the usual 2 MiB would be locked in memory for nothing.
const STACK: usize = 64 * 1024;

/// The way to stdout or stderr.
#[derive(Debug)]
pub(crate) struct BackgroundWriter {
    sender: DrawTarget,
    done: watch::Receiver<bool>,
}

impl BackgroundWriter {
    /// Starts the thread, named after where it writes, with `write` as its way to do so. When this
    /// returns, it does nothing but write: what a thread calls to get going may be forbidden now.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(name: &str, write: fn(&str) -> OutputState) -> Result<Self> {
        let (sender, mut lines) = mpsc::channel::<String>(WAITING);
        let (ended, done) = watch::channel(false);
        let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
        let (going, started) = std::sync::mpsc::channel();
        thread.spawn(move || {
            let _ = going.send(());
            while let Some(line) = lines.blocking_recv() {
                if write(&line) == OutputState::Closed {
                    break;
                }
            }
            ended.send_replace(true);
        })?;
        // An error means that it has ended already, which is noticed by whoever waits for it.
        let _ = started.recv();
        Ok(Self { sender: DrawTarget(sender), done })
    }

    /// Hands over one line, or whatever is written in one piece.
    pub(crate) fn send(&self, line: String) {
        self.sender.put(line);
    }

    /// Another way to hand something over. [`BackgroundWriter::flush`] waits for its end, too.
    pub(super) fn draw_target(&self) -> DrawTarget {
        self.sender.clone()
    }

    /// A future that returns when a line could not be written: nobody reads, or nobody can.
    pub(crate) fn write_failed(&self) -> impl Future<Output = ()> + use<> {
        let mut done = self.done.clone();
        async move {
            // An error means that the thread is gone, and nothing is written any more either.
            let _ = done.wait_for(|done| *done).await;
        }
    }

    /// Returns when everything that was handed over is written, or nobody reads it.
    pub(crate) async fn flush(self) {
        let failed = self.write_failed();
        drop(self.sender);
        failed.await;
    }
}

/// What hands text over.
#[derive(Clone, Debug)]
pub(super) struct DrawTarget(mpsc::Sender<String>);

impl DrawTarget {
    fn put(&self, text: String) {
        // Full: the reader is stuck. Closed: the reader is gone, which is noticed elsewhere.
        let _ = self.0.try_send(text);
    }
}

/// For a progress bar, which moves the cursor for itself (ECMA-48, sections 8.3.17 to 8.3.22).
impl TermLike for DrawTarget {
    fn width(&self) -> u16 {
        super::width()
    }

    fn move_cursor_up(&self, n: usize) -> Result<()> {
        self.moved(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> Result<()> {
        self.moved(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> Result<()> {
        self.moved(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> Result<()> {
        self.moved(n, 'D')
    }

    fn write_line(&self, text: &str) -> Result<()> {
        self.put(format!("{text}\n"));
        Ok(())
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.put(text.to_owned());
        Ok(())
    }

    fn clear_line(&self) -> Result<()> {
        self.write_str(super::ERASE)
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

impl DrawTarget {
    fn moved(&self, n: usize, direction: char) -> Result<()> {
        // 0 would be taken for 1.
        if n > 0 { self.write_str(&format!("\u{1b}[{n}{direction}")) } else { Ok(()) }
    }
}
