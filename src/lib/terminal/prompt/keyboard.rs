//! The keyboard of a terminal with a prompt: its modes, and the bytes that it sends.

use std::future::pending;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::SIGCONT;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};
use zeroize::{Zeroize as _, Zeroizing};

use super::editor::{Edit, Editor};
use super::keys::KeyParser;
use super::typed::Typed;
use super::view::PromptText;
use crate::terminal::footer::MARK_NO_PASTES;
use crate::terminal::foreground::{is_interactive, is_one_terminal};
use crate::terminal::hangup::watch_fd;
use crate::terminal::modes::TerminalModes;
use crate::terminal::print::write_stderr_at_once;
use crate::terminal::question::discard_typeahead;
use crate::terminal::screen_writer::Footer;
use crate::terminal::stdin::reopen_stdin;

/// A terminal sends the bytes of one key together; an ESC with nothing behind it is the key itself.
const ESCAPE_TIMEOUT: Duration = Duration::from_millis(50);

/// How often a session in the background looks whether it is in the foreground again. `bg` and `fg` of a
/// running job send no signal (measured with bash).
const BACKGROUND_INTERVAL: Duration = Duration::from_secs(1);

/// More than is typed between two reads.
const READ_BYTES: usize = 512;

/// The keyboard, with the line that is typed on it.
#[derive(Debug)]
pub(super) struct Keyboard {
    terminal: AsyncFd<OwnedFd>,
    /// SIGCONT: the shell may have set its own modes.
    continued: Signal,
    footer: Footer,
    state: State,
    /// Whether the modes of the prompt were set before: other modes are those of another program then, which
    /// has had the screen, too.
    was_active: bool,
    /// The modes before those of the prompt, once they are known.
    saved: Option<TerminalModes>,
    parser: KeyParser,
    editor: Editor,
    /// What was read. It is overwritten once all of it is parsed.
    bytes: Zeroizing<Vec<u8>>,
    /// How many of them are parsed.
    parsed: usize,
    /// When to drop an ESC, or to look whether this process is in the foreground.
    deadline: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The modes of the prompt are not set, because it has not begun, or another program is in the
    /// foreground.
    Away,
    /// The modes of the prompt are set.
    Active,
    /// The terminal is closed.
    Closed,
}

/// What a wait ended with.
enum Wakeup {
    Continued,
    DeadlineReached,
    Read(io::Result<Zeroizing<Vec<u8>>>),
    /// There was nothing to read, or it is not for this process.
    NotReadable,
}

impl Keyboard {
    /// `None` where keys cannot be read one by one: stdin and stderr are not the same terminal.
    pub(super) fn open(footer: &Footer) -> Option<Self> {
        if !is_one_terminal() {
            return None;
        }
        let terminal = watch_fd(reopen_stdin().ok()?, Interest::READABLE).ok()?;
        Some(Self {
            terminal,
            continued: signal(SignalKind::from_raw(SIGCONT)).ok()?,
            footer: footer.clone(),
            state: State::Away,
            was_active: false,
            saved: None,
            parser: KeyParser::default(),
            editor: Editor::default(),
            bytes: Zeroizing::default(),
            parsed: 0,
            deadline: None,
        })
    }

    /// What was typed next. Cancel safe.
    pub(super) async fn next(&mut self) -> Typed {
        loop {
            match self.state {
                State::Closed => return pending().await,
                State::Away => {
                    if let Some(saved) = self.enter() {
                        return Typed::ModesSaved(saved);
                    }
                }
                State::Active => {}
            }
            if let Some(typed) = self.take_typed() {
                return typed;
            }
            let wakeup = self.wait().await;
            self.handle(wakeup);
            if self.state == State::Closed {
                return Typed::EndOfInput;
            }
        }
    }

    /// Writes `replacement` in place of what is between the byte `start` and the cursor, and draws it.
    pub(super) fn complete(&mut self, start: usize, replacement: &str) {
        self.editor.complete(start, replacement);
        self.show();
    }

    /// Restores the modes of the terminal, unless another program has set its own since, and forgets what
    /// was typed: it was meant for the prompt, and not for what reads the terminal next.
    pub(super) fn leave(&mut self) {
        self.restore();
        self.editor = Editor::default();
        self.parser = KeyParser::default();
        self.forget_bytes();
        self.footer.set_prompt(None);
    }

    /// Sets the modes of the prompt and draws it, if this process is in the foreground. Returns the modes
    /// before, if they are others than the last time, and does nothing more then.
    fn enter(&mut self) -> Option<TerminalModes> {
        if !is_interactive() {
            // One that has passed is the cause of this look.
            let is_ahead = |deadline: &Instant| *deadline > Instant::now();
            let next = || Instant::now() + BACKGROUND_INTERVAL;
            self.deadline = Some(self.deadline.filter(is_ahead).unwrap_or_else(next));
            return None;
        }
        let present = TerminalModes::of(&self.terminal).ok()?;
        let is_ours = |saved: &&TerminalModes| present == saved.for_prompt();
        let saved = self.saved.as_ref().filter(is_ours).unwrap_or(&present).clone();
        if self.saved.as_ref() != Some(&saved) {
            return self.saved.insert(saved).clone().into();
        }
        self.deadline = None;
        self.state = State::Active;
        if present == saved {
            // An error means that the terminal is closed, which the next read reports.
            let _ = saved.for_prompt().apply(&self.terminal);
            if std::mem::replace(&mut self.was_active, true) {
                self.footer.restart();
            }
        }
        self.show();
        None
    }

    fn show(&self) {
        let (line, cursor) = (self.editor.line().to_owned(), self.editor.cursor());
        self.footer.set_prompt(Some(PromptText { line, cursor }));
    }

    /// Parses what was read up to the next result.
    fn take_typed(&mut self) -> Option<Typed> {
        let (mut typed, mut is_changed) = (None, false);
        while typed.is_none()
            && let Some(byte) = self.bytes.get(self.parsed)
        {
            self.parsed += 1;
            self.parser.push(*byte, |key| match self.editor.apply(key) {
                Edit::Unchanged => {}
                Edit::Changed => is_changed = true,
                Edit::Line(line) => {
                    is_changed = true;
                    typed = Some(Typed::Line(line.trim().to_owned()));
                }
                Edit::EndOfInput => typed = Some(Typed::EndOfInput),
                Edit::Complete => {
                    let (line, cursor) = (self.editor.line().to_owned(), self.editor.cursor());
                    typed = Some(Typed::Complete { line, cursor });
                }
            });
        }
        if self.parsed == self.bytes.len() {
            self.forget_bytes();
        }
        if is_changed {
            self.show();
        }
        if self.deadline.is_none() && self.parser.is_at_escape() {
            self.deadline = Some(Instant::now() + ESCAPE_TIMEOUT);
        }
        typed
    }

    fn forget_bytes(&mut self) {
        self.bytes.zeroize();
        self.parsed = 0;
    }

    async fn wait(&mut self) -> Wakeup {
        let is_active = self.state == State::Active;
        tokio::select! {
            biased;
            _ = self.continued.recv() => Wakeup::Continued,
            ready = self.terminal.readable(), if is_active => match ready {
                Ok(mut ready) => ready.try_io(read_keys).map_or(Wakeup::NotReadable, Wakeup::Read),
                Err(error) => Wakeup::Read(Err(error)),
            },
            () = reached(self.deadline) => Wakeup::DeadlineReached,
        }
    }

    fn handle(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Continued => self.state = State::Away,
            Wakeup::DeadlineReached => self.parser.drop_escape(),
            Wakeup::NotReadable if !is_interactive() => self.state = State::Away,
            Wakeup::NotReadable => {}
            Wakeup::Read(Ok(bytes)) if !bytes.is_empty() => self.bytes.extend_from_slice(&bytes),
            Wakeup::Read(Ok(_) | Err(_)) => self.state = State::Closed,
        }
        if self.state == State::Active {
            self.deadline = None;
        }
    }

    fn restore(&mut self) {
        let saved = self.saved.as_ref().filter(|_| self.state == State::Active && is_interactive());
        if let Some(saved) = saved {
            discard_typeahead();
            saved.restore(&self.terminal);
        }
        self.state = State::Away;
    }
}

impl Drop for Keyboard {
    /// A session that ends in order has left the prompt before. One that panics has not.
    fn drop(&mut self) {
        if self.state == State::Active {
            self.restore();
            write_stderr_at_once(&format!("\r\u{1b}[J{MARK_NO_PASTES}"));
        }
    }
}

/// Reads what was typed.
///
/// # Errors
/// `WouldBlock` when there is nothing, or this process is in the background: the bytes belong to the shell.
fn read_keys(terminal: &AsyncFd<OwnedFd>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut polled = [PollFd::new(terminal.get_ref().as_fd(), PollFlags::POLLIN)];
    let is_ready = poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0);
    if !is_ready || !is_interactive() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let mut bytes = Zeroizing::new(vec![0; READ_BYTES]);
    match read(terminal, &mut bytes) {
        Ok(length) => bytes.truncate(length),
        Err(Errno::EINTR) => return Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(bytes)
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
