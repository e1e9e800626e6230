//! The output for programs on stdout: the public link, or every state as JSON.

use serde::Serialize;

use super::origin::Origin;
use crate::control::FromTunnel;
use crate::terminal::{self, OutputEnd};

/// What is written to stdout; `--json` selects [`Self::Json`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputFormat {
    /// The link alone, in one line, when it works for the first time.
    Link,
    /// One JSON object for each state.
    Json,
}

/// One line of `--json`, which is a public interface. The `url` is the whole public link.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum StateLine<'a> {
    /// The second time, `text` says why it starts again.
    Starting {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    /// Known, and not to be resolved yet; a second time, `text` says why it takes longer.
    Url {
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    /// Works, for the first time or again.
    Registered {
        url: String,
    },
    Reconnecting {
        url: Option<&'a str>,
    },
    Lost {
        url: Option<&'a str>,
        text: &'a str,
        retry_after: Option<u64>,
    },
    Closed {
        url: Option<&'a str>,
    },
}

/// The writer of stdout. It remembers the latest link for the states that come without one.
#[derive(Debug)]
pub(super) struct Stdout {
    format: OutputFormat,
    origin: Origin,
    link: Option<String>,
    /// Whether `link` was printed.
    printed: bool,
}

impl Stdout {
    /// A writer that has no link yet; `origin` completes each public address to a link.
    pub(super) fn new(format: OutputFormat, origin: Origin) -> Self {
        Self { format, origin, link: None, printed: false }
    }

    /// Writes the line of `state`, if it has one.
    ///
    /// # Errors
    /// When stdout takes no more.
    pub(super) fn write(&mut self, state: &FromTunnel) -> Result<(), OutputEnd> {
        if let FromTunnel::Url { .. } = state {
            self.printed = false;
        }
        if let FromTunnel::Url { url }
        | FromTunnel::Settling { url, .. }
        | FromTunnel::Registered { url } = state
        {
            self.link = Some(self.origin.public_link(url));
        }
        match self.format {
            OutputFormat::Link => self.write_link(state),
            OutputFormat::Json => self.write_json(state),
        }
    }

    fn write_link(&mut self, state: &FromTunnel) -> Result<(), OutputEnd> {
        match (&self.link, state) {
            (Some(link), FromTunnel::Registered { .. }) if !self.printed => {
                self.printed = true;
                terminal::print_line(link)
            }
            _ => Ok(()),
        }
    }

    fn write_json(&self, state: &FromTunnel) -> Result<(), OutputEnd> {
        let url = self.link.as_deref();
        let line = match state {
            FromTunnel::Starting { why } => StateLine::Starting { text: why.as_deref() },
            FromTunnel::Url { .. } => StateLine::Url { url: url.unwrap_or_default(), text: None },
            FromTunnel::Delayed { why } => {
                StateLine::Url { url: url.unwrap_or_default(), text: Some(why) }
            }
            FromTunnel::Registered { url } => {
                StateLine::Registered { url: self.origin.public_link(url) }
            }
            FromTunnel::Reconnecting => StateLine::Reconnecting { url },
            FromTunnel::Lost { why, retry_after } => {
                StateLine::Lost { url, text: why, retry_after: *retry_after }
            }
            FromTunnel::Closed => StateLine::Closed { url },
            FromTunnel::Hello { .. }
            | FromTunnel::Fetching { .. }
            | FromTunnel::Fetched { .. }
            | FromTunnel::Found { .. }
            | FromTunnel::Unconfined { .. }
            | FromTunnel::Settling { .. }
            | FromTunnel::Unregistered => return Ok(()),
        };
        terminal::print_line(&terminal::json_line(&line))
    }
}
