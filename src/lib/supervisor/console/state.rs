//! The console and the lines that all of it is made of.

use std::io::IsTerminal as _;
use std::time::Duration;

use tokio::time::timeout;

use super::stdout::{Stdout, StdoutMode};
use crate::log::{self, EventLog, LogEntry};
use crate::terminal::{Screen, Severity};

/// For lines that a reader has not taken yet when the session is over. It may be stuck.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// Screen, stdout and event log of a session, kept in step.
#[derive(Debug)]
pub(in crate::supervisor) struct Console {
    pub(super) screen: Screen,
    pub(super) stdout: Stdout,
    pub(super) log: EventLog,
    pub(super) show_qr: bool,
    /// How many participants are in the room.
    pub(super) present: usize,
    /// What the status line says about the address.
    pub(super) address: &'static str,
    /// Whether a link was shown.
    pub(super) has_link: bool,
    /// Why there is no public address, as it was shown last.
    pub(super) last_loss: Option<String>,
    /// The lines about cloudflared that were shown last, the newest first.
    pub(super) cloudflared_facts: Vec<String>,
}

impl Console {
    /// # Errors
    /// When the system has no thread left for stdout.
    pub(in crate::supervisor) fn new(
        screen: Screen,
        json: bool,
        show_qr: bool,
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
            address: "opening",
            has_link: false,
            last_loss: None,
            cloudflared_facts: Vec::new(),
        })
    }

    /// Returns when a line for stdout could not be written.
    pub(in crate::supervisor) fn write_failed(&self) -> impl Future<Output = ()> + use<> {
        self.stdout.write_failed()
    }

    /// Waits until screen and stdout are written, or a reader has been stuck for too long.
    pub(in crate::supervisor) async fn flush(self) {
        let Self { screen, stdout, .. } = self;
        let written = async { tokio::join!(stdout.flush(), screen.finish()) };
        let _ = timeout(FLUSH_TIMEOUT, written).await;
    }

    pub(in crate::supervisor) fn present(&self) -> usize {
        self.present
    }

    /// Prints something that the operator should know while the session goes on.
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

    /// Rewrites the line at the bottom of the screen.
    pub(super) fn update_status(&self) {
        let present = match self.present {
            0 => "nobody here yet".to_owned(),
            present => format!("{present} here"),
        };
        let text = format!("  ● {} · {present} · Ctrl+C ends it", self.address);
        self.screen.set_status(&self.screen.dim(&text));
    }

    pub(super) fn record(&mut self, entry: LogEntry) {
        self.log.push(log::now(), entry);
    }
}
