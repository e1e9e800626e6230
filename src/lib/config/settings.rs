//! The resolved settings, as the other modules see them: every one has a value.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::values::{ConfinementPolicy, Logs, Mode, Provider};
use crate::span::Span;

/// The configuration of a program, which uses only its own part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Where the room listens; port 0 lets the kernel choose one.
    pub(crate) listen: SocketAddr,
    /// What happens to the event log at the end of the session.
    pub(crate) logs: Logs,
    /// Whether a program runs where the kernel lacks a layer of confinement.
    pub(crate) confinement: ConfinementPolicy,
    /// Where event logs are saved; `None` is the working folder.
    pub(crate) archive_dir: Option<ArchiveDir>,
    /// Whether the terminal's bell rings when a person joins or asks to be let in.
    pub(crate) bell: bool,
    /// When the session ends by itself.
    pub(crate) limits: SessionLimits,
    /// Sent to `chattrace-tunnel` over the control channel.
    pub(crate) tunnel: TunnelSettings,
    /// Sent to `chattrace-serve` over the control channel.
    pub(crate) room: RoomSettings,
}

/// When a session ends by itself; `None` is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionLimits {
    /// So long after its beginning.
    pub(crate) duration: Option<Span>,
    /// When the room has been empty for so long.
    pub(crate) idle: Option<Span>,
}

/// The folder for saved event logs, and what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveDir {
    /// Relative to the working folder.
    pub(crate) path: PathBuf,
    pub(crate) source: SettingSource,
}

/// Where a setting comes from. Its `Display` begins a sentence about the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SettingSource {
    /// This option of the command line.
    Option(&'static str),
    /// This key of the file.
    File { path: PathBuf, key: &'static str },
}

impl std::fmt::Display for SettingSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SettingSource::Option(option) => f.write_str(option),
            SettingSource::File { path, key } => {
                write!(f, "configuration {}: key \"{key}\"", path.display())
            }
        }
    }
}

/// The settings of `chattrace-tunnel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TunnelSettings {
    /// Decides in the supervisor whether there is a tunnel; `chattrace-tunnel` itself ignores it.
    pub(crate) provider: Provider,
    /// `None` takes the managed copy, then the first on `PATH`, then a download.
    pub(crate) cloudflared: Option<PathBuf>,
    /// Seconds between the registration at the edge and the announcement of the link.
    pub(crate) settle_seconds: u64,
    /// The address of the releases, without the version; `None` is Cloudflare's on GitHub.
    pub(crate) download_base: Option<String>,
}

/// The settings of `chattrace-serve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoomSettings {
    /// Always [`Mode::Open`] where `chattrace-serve` runs alone.
    pub(crate) mode: Mode,
    /// Participants at the same time.
    pub(crate) max_participants: usize,
    /// Earlier messages that a new participant is shown.
    pub(crate) backlog: usize,
    /// Longest message, in bytes of UTF-8.
    pub(crate) message_bytes: usize,
    /// Whether newcomers wait at first until the operator admits them. Always `false` where
    /// `chattrace-serve` runs alone.
    pub(crate) lobby: bool,
    /// How long a message is shown at first; `None` is until the end.
    pub(crate) fade: Option<Span>,
    /// What the room remembers for reconnects and newcomers.
    pub(crate) ring: RingSettings,
    /// Applied to each participant by itself.
    pub(crate) rate: RateSettings,
}

/// The bounds of what the room remembers. When one is exceeded, the oldest events are forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RingSettings {
    /// The number of events.
    pub(crate) events: usize,
    /// The bytes of all encoded events together.
    pub(crate) bytes: usize,
    /// The age of the oldest event, in seconds.
    pub(crate) age_seconds: u64,
}

/// The rate limit of one participant: a bucket of `burst` messages, refilled at `per_second`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateSettings {
    /// 0 is no limit, for benchmarks.
    pub(crate) per_second: u32,
    /// Messages in a row without a pause; at least 1.
    pub(crate) burst: u32,
}
