//! The output for programs: the links, or every event as JSON.

use serde::Serialize;

use crate::control::Participant;
use crate::terminal::{self, BackgroundWriter};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StdoutMode {
    /// Nothing: stdout is the terminal on which the operator reads the link already.
    Silent,
    /// The links, one per line.
    Links,
    /// Every event as JSON, one per line.
    Json,
}

/// An event as `chattrace --json` prints it.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum ConsoleEvent<'a> {
    Link {
        url: &'a str,
        public: bool,
    },
    Joined {
        participant: &'a Participant,
        present: usize,
    },
    Left {
        participant: &'a Participant,
        present: usize,
    },
    /// The states are those of `chattrace-tunnel --json`, and `settling`.
    Tunnel {
        state: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    Closing {
        text: &'a str,
    },
    Closed {
        remains: &'a [String],
    },
}

/// The way to stdout. Lines are written in the background: a reader that is stuck holds up nothing.
#[derive(Debug)]
pub(super) struct Stdout {
    mode: StdoutMode,
    /// `None` when nothing is printed.
    writer: Option<BackgroundWriter>,
}

impl Stdout {
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn new(mode: StdoutMode) -> std::io::Result<Self> {
        let writer = match mode {
            StdoutMode::Silent => None,
            StdoutMode::Links | StdoutMode::Json => {
                Some(BackgroundWriter::start("stdout", terminal::print_line)?)
            }
        };
        Ok(Self { mode, writer })
    }

    /// Prints an event, where events are printed.
    pub(super) fn event(&self, event: &ConsoleEvent<'_>) {
        if self.mode == StdoutMode::Json {
            self.print(terminal::json_line(event));
        }
    }

    /// Prints a link, where links are printed.
    pub(super) fn link(&self, url: &str) {
        if self.mode == StdoutMode::Links {
            self.print(url.to_owned());
        }
    }

    fn print(&self, line: String) {
        if let Some(writer) = &self.writer {
            writer.send(line);
        }
    }

    /// Returns when a line could not be written; never where none is.
    pub(super) fn write_failed(&self) -> impl Future<Output = ()> + use<> {
        let failed = self.writer.as_ref().map(BackgroundWriter::write_failed);
        async move {
            match failed {
                Some(failed) => failed.await,
                None => std::future::pending().await,
            }
        }
    }

    pub(super) async fn flush(self) {
        if let Some(writer) = self.writer {
            writer.flush().await;
        }
    }
}
