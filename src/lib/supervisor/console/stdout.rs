//! The output for programs: the links, or every event as JSON; and the events for those who watch over the
//! control socket.

use serde::Serialize;
use tokio::sync::broadcast;

use crate::control::{EventLine, Participant};
use crate::log::RoomChange;
use crate::terminal::{self, BackgroundWriter, OutputEnd};
use crate::token::Secret;

/// Events that wait for a client of the control socket. One that is behind by more is disconnected.
const MAX_QUEUED_EVENTS: usize = 256;

/// Which lines standard output gets.
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
    /// A link, ticket included; `public` is false for a local one. `others` lead to the same room.
    Link { url: &'a str, public: bool, others: &'a [Secret] },
    /// `present` is the count after the join.
    Joined { participant: &'a Participant, present: usize },
    /// `present` is the count after the leave.
    Left { participant: &'a Participant, present: usize },
    /// The states are those of `chattrace-tunnel --json`, and `settling`.
    Tunnel {
        state: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    /// The end has begun; `text` says why.
    Closing { text: &'a str },
    /// The last event. `remains` is empty if everything was removed.
    Closed { remains: &'a [String] },
    /// What the operator ordered, or who asks to be let in.
    #[serde(untagged)]
    Changed(&'a RoomChange),
}

/// Standard output. Lines are written in the background, so that a stuck reader delays nothing else.
#[derive(Debug)]
pub(super) struct Stdout {
    mode: StdoutMode,
    /// `None` when nothing is printed.
    writer: Option<BackgroundWriter>,
    /// Holds nothing while no one watches.
    watchers: broadcast::Sender<EventLine>,
}

impl Stdout {
    /// Starts the background thread, unless nothing is printed.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn new(mode: StdoutMode) -> std::io::Result<Self> {
        let writer = match mode {
            StdoutMode::Silent => None,
            StdoutMode::Links | StdoutMode::Json => {
                Some(BackgroundWriter::start("stdout", terminal::print_line)?)
            }
        };
        Ok(Self { mode, writer, watchers: broadcast::Sender::new(MAX_QUEUED_EVENTS) })
    }

    /// Prints an event in [`StdoutMode::Json`], and sends it to those who watch.
    pub(super) fn event(&self, event: &ConsoleEvent<'_>) {
        let is_watched = self.watchers.receiver_count() > 0;
        if self.mode != StdoutMode::Json && !is_watched {
            return;
        }
        let line = terminal::json_line(event);
        if is_watched {
            // It fails when the last of them has just gone.
            let _ = self.watchers.send(EventLine::Event(line.as_str().into()));
        }
        if self.mode == StdoutMode::Json {
            self.print(line);
        }
    }

    /// The events from now on.
    pub(super) fn watch(&self) -> broadcast::Receiver<EventLine> {
        self.watchers.subscribe()
    }

    /// Prints a link in [`StdoutMode::Links`]; otherwise nothing.
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

    /// Returns when the reader is gone, or a line could not be written.
    pub(super) fn end(&self) -> impl Future<Output = OutputEnd> + use<> {
        terminal::stdout_end(self.writer.as_ref())
    }

    /// Ends the streams of those who watch. Returns when all of them have every event, for as long as they
    /// take.
    pub(super) fn end_watch(&self) -> impl Future<Output = ()> + use<> {
        let watchers = self.watchers.clone();
        async move {
            // It fails when no one watches.
            let _ = watchers.send(EventLine::End);
            watchers.closed().await;
        }
    }

    /// Waits until every line is written, for as long as the reader takes.
    ///
    /// # Errors
    /// When a line could not be written.
    pub(super) async fn flush(self) -> Result<(), OutputEnd> {
        match self.writer {
            Some(writer) => writer.flush().await,
            None => Ok(()),
        }
    }
}
