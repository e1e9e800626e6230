//! The thread that writes to the operator's terminal: lines, and below them the footer. A write to a
//! terminal that was stopped with Ctrl+S blocks without end, and the event loop must not block with it.
//!
//! Lines wait in a queue. The footer does not: the thread draws what it is when it writes, so that what
//! is typed meanwhile is kept once, and the newest is never lost.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::footer::{Drawn, FooterText};
use super::foreground::is_in_background;
use super::print::write_stderr;
use super::prompt::PromptText;
use super::size::Size;
use super::status_row::StatusText;

/// Lines that wait for a slow terminal. Later ones are dropped. That is no loss for long: every line
/// about presence carries the whole count.
const MAX_QUEUED_LINES: usize = 1024;

/// Enough for a drawing and the write; the usual 2 MiB would be locked in memory for nothing.
const STACK_BYTES: usize = 64 * 1024;

/// The thread, which ends with the last drawing.
#[derive(Debug)]
pub(super) struct ScreenWriter {
    footer: Footer,
    ended: watch::Receiver<bool>,
    thread: std::thread::JoinHandle<()>,
}

/// What is drawn. Clones are handles of the same footer.
#[derive(Clone, Debug, Default)]
pub(super) struct Footer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What the thread has not drawn yet.
#[derive(Debug, Default)]
struct State {
    /// Each with its line feed.
    lines: VecDeque<String>,
    text: FooterText,
    /// The pinned text and the status that come with the next line.
    pinned: Option<(String, StatusText)>,
    /// Whether the bell rings.
    rings: bool,
    order: Order,
    /// Whether another program has had the terminal since the last drawing.
    is_foreign: bool,
    /// The last drawing of all: the thread ends behind it.
    end: Option<End>,
}

/// Whether the thread has to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Wait,
    Draw,
}

/// How the thread ends.
#[derive(Debug)]
enum End {
    /// With what is queued.
    Flush,
    /// With this text in place of everything.
    Replace(String),
}

impl ScreenWriter {
    /// Starts the thread. It has begun to run when this returns: the confinement that follows may forbid
    /// the system calls of a thread's start.
    ///
    /// # Errors
    /// When the system allows no further thread.
    pub(super) fn start() -> io::Result<Self> {
        let footer = Footer::default();
        let (ended_sender, ended) = watch::channel(false);
        let (started_sender, started) = std::sync::mpsc::channel();
        let shared = footer.clone();
        let thread = std::thread::Builder::new().name("stderr".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || {
            let _ = started_sender.send(());
            shared.draw_until_end();
            ended_sender.send_replace(true);
        })?;
        // An error means that the thread has ended already.
        let _ = started.recv();
        Ok(Self { footer, ended, thread })
    }

    pub(super) fn footer(&self) -> &Footer {
        &self.footer
    }

    /// Returns when every queued line is written, or nothing more can be.
    pub(super) async fn flush(self) {
        self.end(End::Flush).await;
    }

    /// Returns when `text` is written in place of all that waits, or nothing more can be.
    pub(super) async fn replace_all(self, text: String) {
        self.end(End::Replace(text)).await;
    }

    async fn end(mut self, end: End) {
        self.footer.change(|state| state.end = Some(end));
        // An error means that the thread has panicked.
        let _ = self.ended.wait_for(|ended| *ended).await;
        // The thread only drops what it has drawn now. If it did so while `memory::wipe_and_exit`
        // overwrites the heap, the process would exit by SIGSEGV.
        let _ = self.thread.join();
    }
}

impl Footer {
    /// Prints `text` as lines above the footer. Drops it when too many wait.
    pub(super) fn print(&self, text: &str) {
        self.change(|state| {
            state.text = state.next_text();
            state.pinned = None;
            if state.lines.len() < MAX_QUEUED_LINES {
                state.lines.push_back(format!("{text}\n"));
            }
        });
    }

    /// Rings the bell with the next drawing.
    pub(super) fn ring(&self) {
        self.change(|state| state.rings = true);
    }

    /// Draws the footer for the present size of the terminal.
    pub(super) fn redraw(&self) {
        self.change(|_| {});
    }

    /// Replaces the pinned text and the status, in the drawing with the next line.
    pub(super) fn pin(&self, text: &str, status: StatusText) {
        self.state().pinned = Some((text.to_owned(), status));
    }

    /// Removes the pinned text and the prompt at the next drawing.
    pub(super) fn unpin(&self) {
        let mut state = self.state();
        (state.pinned, state.text.pinned, state.text.prompt) = (None, None, None);
    }

    /// Replaces the status, and draws the footer.
    pub(super) fn set_status(&self, status: Option<StatusText>) {
        self.change(|state| state.text.status = status);
    }

    /// Replaces what the operator types, and draws the footer.
    pub(super) fn set_prompt(&self, prompt: Option<PromptText>) {
        self.change(|state| state.text.prompt = prompt);
    }

    /// Draws the footer anew at the cursor: another program has had the terminal.
    pub(super) fn restart(&self) {
        self.change(|state| state.is_foreign = true);
    }

    /// Whether the terminal is large enough for the pinned text, and shows a footer.
    pub(super) fn shows_pinned(&self, size: Size) -> bool {
        self.state().next_text().shows_pinned(size) && !is_in_background()
    }

    /// The rows of the footer in a terminal of this size, once it has a status.
    pub(super) fn row_count(&self, size: Size) -> usize {
        self.state().next_text().row_count(size)
    }

    /// What the next drawing shows as the status.
    #[cfg(test)]
    pub(super) fn status(&self) -> Option<String> {
        self.state().text.status.as_ref().map(|status| status.longest().to_owned())
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.order = Order::Draw;
        self.0.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: draws until its end, or until the terminal is closed.
    fn draw_until_end(&self) {
        let mut drawn = Drawn::default();
        loop {
            let state = self.state();
            let is_idle = |state: &mut State| state.order == Order::Wait;
            let waited = self.0.changed.wait_while(state, is_idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            state.order = Order::Wait;
            let end = state.end.take();
            let text = state.draw(&mut drawn, end.as_ref());
            drop(state);
            if (!text.is_empty() && write_stderr(&text).is_err()) || end.is_some() {
                return;
            }
        }
    }
}

impl State {
    /// The footer below the next line.
    fn next_text(&self) -> FooterText {
        let mut text = self.text.clone();
        if let Some((pinned, status)) = self.pinned.clone() {
            (text.pinned, text.status) = (Some(pinned), Some(status));
        }
        text
    }

    /// What is written next. Takes the lines, however many wait.
    fn draw(&mut self, drawn: &mut Drawn, end: Option<&End>) -> String {
        if let Some(End::Replace(text)) = end {
            return text.clone();
        }
        let lines: String = self.lines.drain(..).collect();
        // The screen below the cursor belongs to the shell then, and what the operator types there.
        let is_background = is_in_background();
        if std::mem::take(&mut self.is_foreign) || is_background {
            drawn.forget();
        }
        let bell = if std::mem::take(&mut self.rings) { "\u{7}" } else { "" };
        let drawing = match is_background {
            true => lines,
            false => drawn.replace(&lines, &self.text, Size::of_stderr()),
        };
        drawing + bell
    }
}
