//! The console's state, and the kinds of lines that its other files print.

use std::io::IsTerminal as _;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::timeout;

use super::bell::Bell;
use super::qr::QrState;
use super::status::{Address, Status, presence};
use super::stdout::{Stdout, StdoutMode};
use super::time_left::TimeLeft;
use crate::control::EventLine;
use crate::log::{self, EventLog, LogEntry};
use crate::terminal::{OutputEnd, Prompt, Screen, Severity, StatusText};

/// Wait for a reader that has not taken all lines when the session is over. It may be stuck.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// Screen, stdout and event log of a session, kept in step.
#[derive(Debug)]
pub(in crate::supervisor) struct Console {
    /// For the operator, on standard error.
    pub(super) screen: Screen,
    /// For other programs.
    pub(super) stdout: Stdout,
    /// In memory until the operator decides about it at the end.
    pub(super) log: EventLog,
    /// Whether a terminal gets the QR code of each link.
    pub(super) show_qr: bool,
    /// How many participants are in the room, by its last message.
    pub(super) present: usize,
    /// How many wait in the lobby.
    pub(super) waiting: usize,
    /// After `panic`: the only line that is left on the screen.
    pub(super) panic: Option<String>,
    /// Where the room can be reached.
    pub(super) address: Address,
    /// Until the end that was set.
    pub(super) time_left: Option<TimeLeft>,
    /// Whether a link was shown.
    pub(super) has_link: bool,
    /// That of the present link.
    pub(super) qr: QrState,
    /// Whether the end has begun.
    pub(super) is_ending: bool,
    /// The reason that was shown last for a lost public address; `None` since it was restored.
    pub(super) last_loss: Option<String>,
    /// The lines about cloudflared that were shown last, the newest first.
    pub(super) cloudflared_facts: Vec<String>,
    /// Why public addresses took longer, as shown.
    pub(super) tunnel_delays: Vec<String>,
    /// The checks that passed and were not shown yet.
    pub(super) passed_checks: Vec<&'static str>,
    /// Rings when a person comes in or knocks, if the operator wants it.
    pub(super) bell: Bell,
    /// Whether a file with the event log remains, as the operator wanted.
    pub(super) log_is_saved: bool,
}

impl Console {
    /// A console before its first line. With `json`, stdout gets events; else it gets the links, unless
    /// the operator reads them on the same terminal.
    ///
    /// # Errors
    /// When the system has no thread left for stdout.
    pub(in crate::supervisor) fn new(
        screen: Screen,
        json: bool,
        show_qr: bool,
        bell: bool,
    ) -> std::io::Result<Self> {
        let on_screen =
            std::io::stdout().is_terminal() && screen.is_terminal() && !screen.is_quiet();
        let mode = match (json, on_screen) {
            (true, _) => StdoutMode::Json,
            (false, true) => StdoutMode::Silent,
            (false, false) => StdoutMode::Links,
        };
        Ok(Self {
            screen,
            stdout: Stdout::new(mode)?,
            log: EventLog::default(),
            show_qr,
            present: 0,
            waiting: 0,
            panic: None,
            bell: Bell::new(bell),
            address: Address::Opening,
            time_left: None,
            has_link: false,
            qr: QrState::Shown,
            is_ending: false,
            last_loss: None,
            cloudflared_facts: Vec::new(),
            tunnel_delays: Vec::new(),
            passed_checks: Vec::new(),
            log_is_saved: false,
        })
    }

    /// The prompt at which the operator types commands; must be called inside a runtime.
    pub(in crate::supervisor) fn open_prompt(&self) -> Prompt {
        self.screen.open_prompt()
    }

    /// Returns when the reader of stdout is gone, or a line could not be written to it.
    pub(in crate::supervisor) fn stdout_end(&self) -> impl Future<Output = OutputEnd> + use<> {
        self.stdout.end()
    }

    /// The events from now on, as `--json` prints them.
    pub(in crate::supervisor) fn watch(&self) -> broadcast::Receiver<EventLine> {
        self.stdout.watch()
    }

    /// Waits until screen, stdout and those who watch have everything, or a reader has been stuck for too long.
    ///
    /// # Errors
    /// When a line for stdout could not be written.
    pub(in crate::supervisor) async fn flush(self) -> Result<(), OutputEnd> {
        let Self { screen, stdout, panic, .. } = self;
        let screen_written = async move {
            match panic {
                Some(last_line) => drop(screen.clear_everything(&last_line).await),
                None => drop(timeout(FLUSH_TIMEOUT, screen.finish()).await),
            }
        };
        let watched = stdout.end_watch();
        let (written, _, _) = tokio::join!(
            timeout(FLUSH_TIMEOUT, stdout.flush()),
            timeout(FLUSH_TIMEOUT, watched),
            screen_written
        );
        // A stuck reader has not refused anything.
        written.unwrap_or(Ok(()))
    }

    /// How many participants are in the room, for scripts.
    pub(in crate::supervisor) fn present(&self) -> usize {
        self.present
    }

    /// Whether a link was shown.
    pub(in crate::supervisor) fn has_link(&self) -> bool {
        self.has_link
    }

    /// Sets how many people wait in the lobby.
    pub(in crate::supervisor) fn set_waiting(&mut self, waiting: usize) {
        self.waiting = waiting;
    }

    /// Prints a warning; the session goes on.
    pub(in crate::supervisor) fn warn(&self, text: &str) {
        self.screen.print_notice(Severity::Warning, text);
        self.update_status();
    }

    /// Prints a line with the time before it.
    pub(super) fn print_event(&self, text: &str) {
        let time = log::now().strftime("%H:%M:%S").to_string();
        self.screen.print_truncated(&format!("  {}  {text}", self.screen.dim(&time)));
        self.update_status();
    }

    /// How many participants are in the room, for the operator.
    pub(super) fn present_text(&self) -> String {
        presence(self.present)
    }

    /// Rewrites the line at the bottom of the screen, which there is until the end begins.
    pub(super) fn update_status(&self) {
        if !self.is_ending {
            self.screen.set_status(self.status());
        }
    }

    /// The line at the bottom of the screen.
    pub(super) fn status(&self) -> StatusText {
        let status = Status {
            address: self.address,
            present: self.present,
            waiting: self.waiting,
            time_left: self.time_left,
            offers_code: self.offers_code(),
        };
        StatusText::new(status.lengths().map(|line| self.screen.dim(&line)))
    }

    /// Shows how long the session still lives, if that was set.
    pub(in crate::supervisor) fn show_time_left(&mut self, time_left: Option<TimeLeft>) {
        self.time_left = time_left;
        if self.has_link {
            self.update_status();
        }
    }

    /// Adds an entry with the current time to the event log.
    pub(super) fn record(&mut self, entry: LogEntry) {
        self.log.push(log::now(), entry);
    }
}
