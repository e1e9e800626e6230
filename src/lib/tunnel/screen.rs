//! What whoever runs this program by hand sees: states for people on stderr, the public link for
//! programs on stdout.

use serde::Serialize;

use super::NAME;
use super::origin::Origin;
use super::progress::Progress;
use crate::control::{CloudflaredSource, FromTunnel};
use crate::terminal::{self, OutputState, escape_control};
use crate::units::format_bytes;

/// How stdout speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// The public link alone, once it works.
    Link,
    /// One JSON object for each state.
    Json,
}

/// A state as scripts read it.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Starting,
    /// Known, and not to be resolved yet.
    Url {
        url: String,
    },
    /// Works.
    Registered {
        url: String,
    },
    Reconnecting {
        url: Option<&'a str>,
    },
    Lost {
        url: Option<&'a str>,
        why: &'a str,
        retry_after: Option<u64>,
    },
    Closed {
        url: Option<&'a str>,
    },
}

/// The screen, and the link that is on it.
#[derive(Debug)]
pub(super) struct Screen {
    output: Output,
    origin: Origin,
    /// The public link, as soon as it is known.
    link: Option<String>,
    /// Whether it was printed.
    announced: bool,
    progress: Option<Progress>,
}

impl Screen {
    /// An empty one for this origin.
    pub(super) fn new(output: Output, origin: Origin) -> Self {
        Self { output, origin, link: None, announced: false, progress: None }
    }

    /// Shows one state; says whether stdout still has a reader.
    pub(super) fn show(&mut self, state: &FromTunnel) -> OutputState {
        self.tell_people(state);
        self.tell_programs(state)
    }

    /// Shows that the address is being given back.
    pub(super) fn closing(&mut self) {
        self.clear();
        say("closing");
    }

    fn tell_people(&mut self, state: &FromTunnel) {
        match state {
            FromTunnel::Hello { .. } | FromTunnel::Unregistered => {}
            FromTunnel::Unconfined { what } => {
                self.clear();
                say(&format!("cloudflared {}", escape_control(what)));
            }
            FromTunnel::Fetching { .. } => self.fetching(state),
            FromTunnel::Fetched { bytes } => self.fetched(*bytes),
            FromTunnel::Found { path, version, digest, source } => {
                self.clear();
                say(&format!(
                    "cloudflared {}, {} at {}, sha256 {}…",
                    version.as_deref().unwrap_or("of unknown version"),
                    origin_of(*source),
                    escape_control(&path.to_string_lossy()),
                    digest.get(..12).unwrap_or(digest),
                ));
            }
            FromTunnel::Starting => {
                self.clear();
                say("asking for a public address");
            }
            FromTunnel::Url { url } => {
                self.announced = false;
                say(&format!(
                    "address {}, waiting for the network to know it",
                    escape_control(url)
                ));
            }
            FromTunnel::Registered { settle_seconds: 0, .. } => say("registered"),
            FromTunnel::Registered { settle_seconds, .. } => self.settling(*settle_seconds),
            FromTunnel::Up { .. } => {
                self.clear();
                say("up");
            }
            FromTunnel::Reconnecting => {
                self.clear();
                say("the network lost the tunnel, waiting for it to come back");
            }
            FromTunnel::Lost { why, .. } => {
                self.clear();
                terminal::print_error(NAME, why);
            }
            FromTunnel::Closed => {
                self.clear();
                say("closed");
            }
        }
    }

    fn tell_programs(&mut self, state: &FromTunnel) -> OutputState {
        if let FromTunnel::Url { url }
        | FromTunnel::Registered { url, .. }
        | FromTunnel::Up { url } = state
        {
            self.link = Some(self.origin.public(url));
        }
        match self.output {
            Output::Link => self.link_once(state),
            Output::Json => self.json(state),
        }
    }

    /// The link, when it works for the first time.
    fn link_once(&mut self, state: &FromTunnel) -> OutputState {
        match (&self.link, state) {
            (Some(link), FromTunnel::Up { .. }) if !self.announced => {
                self.announced = true;
                terminal::print_line(link)
            }
            _ => OutputState::Open,
        }
    }

    fn json(&self, state: &FromTunnel) -> OutputState {
        let url = self.link.as_deref();
        let line = match state {
            FromTunnel::Starting => Line::Starting,
            FromTunnel::Url { url } => Line::Url { url: self.origin.public(url) },
            FromTunnel::Up { url } => Line::Registered { url: self.origin.public(url) },
            FromTunnel::Reconnecting => Line::Reconnecting { url },
            FromTunnel::Lost { why, retry_after } => {
                Line::Lost { url, why, retry_after: *retry_after }
            }
            FromTunnel::Closed => Line::Closed { url },
            FromTunnel::Hello { .. }
            | FromTunnel::Fetching { .. }
            | FromTunnel::Fetched { .. }
            | FromTunnel::Found { .. }
            | FromTunnel::Unconfined { .. }
            | FromTunnel::Unregistered
            | FromTunnel::Registered { .. } => return OutputState::Open,
        };
        terminal::print_line(&terminal::json_line(&line))
    }

    /// V-36: what, from where, how large, to where; said before a byte is fetched.
    fn fetching(&mut self, state: &FromTunnel) {
        let FromTunnel::Fetching { version, from, size, resumed_at, to } = state else {
            return;
        };
        say(&format!("cloudflared is not on this computer; fetching version {version}"));
        say(&format!("  from  {}", escape_control(from)));
        say(&format!("  size  {}", size.map_or_else(|| "unknown".to_owned(), format_bytes)));
        say(&format!("  to    {}", escape_control(&to.to_string_lossy())));
        if *resumed_at > 0 {
            say(&format!("  {} are here from an earlier try", format_bytes(*resumed_at)));
        }
        self.progress = Some(Progress::download(*size));
    }

    fn fetched(&mut self, bytes: u64) {
        if let Some(progress) = &mut self.progress {
            progress.set_position(bytes);
        }
    }

    fn settling(&mut self, seconds: u64) {
        self.progress = Progress::settling(seconds);
    }

    fn clear(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.clear();
        }
    }
}

fn say(line: &str) {
    // Without anybody to read it, the program goes on: stdout decides when it ends.
    terminal::eprint_line(line);
}

fn origin_of(source: CloudflaredSource) -> &'static str {
    match source {
        CloudflaredSource::Managed => "fetched and checked,",
        CloudflaredSource::Path => "found on PATH",
        CloudflaredSource::Chosen => "as named",
    }
}
