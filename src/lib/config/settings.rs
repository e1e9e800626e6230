//! The settings with every default filled in.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::values::{ConfinementPolicy, Logs, Mode, Provider};

/// The configuration of a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Where the room listens.
    pub(crate) listen: SocketAddr,
    pub(crate) logs: Logs,
    pub(crate) confinement: ConfinementPolicy,
    /// Where event logs are saved; `None` is the working folder.
    pub(crate) archive_dir: Option<PathBuf>,
    pub(crate) tunnel: TunnelSettings,
    pub(crate) room: RoomSettings,
}

/// The part of `chattrace-tunnel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TunnelSettings {
    pub(crate) provider: Provider,
    /// The cloudflared to use; `None` takes the managed copy, and without one the first on `PATH`.
    pub(crate) cloudflared: Option<PathBuf>,
    /// Seconds between the registration at the edge and the announcement of the link.
    pub(crate) settle_seconds: u64,
    /// The address of the releases, without the version; `None` is that of the maker.
    pub(crate) download_base: Option<String>,
}

/// The part of `chattrace-serve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoomSettings {
    pub(crate) mode: Mode,
    pub(crate) max_participants: usize,
    /// Earlier messages that a new participant is shown.
    pub(crate) backlog: usize,
    /// Longest message, in bytes of UTF-8.
    pub(crate) message_bytes: usize,
    pub(crate) ring: RingSettings,
    pub(crate) rate: RateSettings,
}

/// What the room remembers. At the first bound that is reached, the oldest event is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RingSettings {
    pub(crate) events: usize,
    /// Of encoded events.
    pub(crate) bytes: usize,
    pub(crate) age_seconds: u64,
}

/// The rate limit of one participant: a bucket of `burst` messages, refilled at `per_second`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateSettings {
    /// 0 is no limit, for benchmarks.
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}
