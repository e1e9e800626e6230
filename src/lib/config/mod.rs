//! The settings of a session, resolved once: flag, environment, file, built-in, in this order.
//!
//! [`mod@file`] reads what was written, [`check`] gives values their types and limits; the rest of the
//! program sees only [`Config`], in which every question is already answered.

mod check;
mod file;
mod flags;

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use check::{Backlog, ConfinementPolicy, Listen, Logs, Mode, Participants, Provider};
pub(crate) use flags::RoomFlags;

use crate::exit::Exit;
use crate::paths::{self, Owner};

/// Largest configuration file. All keys together take 2 KiB; a larger file is another one.
const FILE_BYTES: u64 = 1024 * 1024;

/// Everything that can be set, with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Where the room listens.
    pub(crate) listen: SocketAddr,
    /// What becomes of the event log at the end.
    pub(crate) logs: Logs,
    /// What a missing layer of confinement means.
    pub(crate) confinement: ConfinementPolicy,
    /// Where a saved event log goes; `None` is the current folder.
    pub(crate) archive_dir: Option<PathBuf>,
    /// How the room gets a public address.
    pub(crate) tunnel: TunnelSettings,
    /// The rules of the room.
    pub(crate) room: RoomSettings,
}

/// How the room gets a public address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TunnelSettings {
    /// Who carries it.
    pub(crate) provider: Provider,
    /// The cloudflared to use; `None` looks for the managed copy, then on `PATH`.
    pub(crate) cloudflared: Option<PathBuf>,
    /// Seconds between the edge's registration and the announcement of the link.
    pub(crate) settle_seconds: u64,
    /// Where releases are fetched from, without the version; `None` is the maker's own place.
    pub(crate) download_base: Option<String>,
}

/// The rules of the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoomSettings {
    /// Who can read along.
    pub(crate) mode: Mode,
    /// How many may be in the room at once.
    pub(crate) max_participants: usize,
    /// How many earlier messages a newcomer is shown.
    pub(crate) backlog: usize,
    /// Longest message, in bytes of UTF-8.
    pub(crate) message_bytes: usize,
    /// What the room remembers.
    pub(crate) ring: RingSettings,
    /// How fast one participant may speak.
    pub(crate) rate: RateSettings,
}

/// What the room remembers: whichever bound is reached first makes it forget the oldest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RingSettings {
    /// At most this many events.
    pub(crate) events: usize,
    /// At most this many bytes of encoded events.
    pub(crate) bytes: usize,
    /// Nothing older than this many seconds.
    pub(crate) age_seconds: u64,
}

/// How fast one participant may speak: a bucket of `burst` messages, refilled at `per_second`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateSettings {
    /// Messages per second in the long run; 0 is no limit, for benchmarks.
    pub(crate) per_second: u32,
    /// Messages at once after a silence.
    pub(crate) burst: u32,
}

/// What the command line and the environment say; `None` leaves it to the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// `--config`: the file to read instead of the user's own.
    pub(crate) config: Option<PathBuf>,
    /// `--listen`.
    pub(crate) listen: Option<Listen>,
    /// `--logs`.
    pub(crate) logs: Option<Logs>,
    /// `--require-confinement`.
    pub(crate) confinement: Option<ConfinementPolicy>,
    /// `--archive-dir`.
    pub(crate) archive_dir: Option<PathBuf>,
    /// `--tunnel`.
    pub(crate) provider: Option<Provider>,
    /// `--cloudflared`.
    pub(crate) cloudflared: Option<PathBuf>,
    /// `--sealed`, `--open`.
    pub(crate) mode: Option<Mode>,
    /// `--max-participants`.
    pub(crate) max_participants: Option<Participants>,
    /// `--backlog`.
    pub(crate) backlog: Option<Backlog>,
}

/// Why there is no configuration. Every variant names the place and the next step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read at all.
    #[error("cannot read the configuration {path}: {source}; check the path, or leave out --config", path = path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is there and wrong.
    #[error("configuration {path}: line {line}: {what}", path = path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, what is wrong with it, and what was expected.
        what: String,
    },
    /// Each value is fine, and together they are not; or this version cannot do it.
    #[error("{0}")]
    Conflict(String),
}

impl ConfigError {
    /// The code that the shell sees.
    pub(crate) fn exit(&self) -> Exit {
        Exit::Config
    }
}

impl Config {
    /// Reads the file, if there is one, and lays `overrides` on top of it.
    ///
    /// # Errors
    /// When the file is wrong, or when values from anywhere do not go together.
    pub(crate) fn resolve(overrides: &Overrides) -> Result<Self, ConfigError> {
        let written = match &overrides.config {
            Some(path) => Some((path.clone(), read(path)?)),
            None => match paths::config_file() {
                Some(path) if path.exists() => Some((path.clone(), read(&path)?)),
                Some(_) | None => None,
            },
        };
        let mut file = file::File::built_in();
        if let Some((path, text)) = written {
            file = file.overlaid_by(file::File::parse(&path, &text)?);
        }
        check::resolve(file, overrides)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    paths::read_file(path, Owner::Anyone, FILE_BYTES)
        .and_then(|content| {
            String::from_utf8(content)
                .map_err(|_| Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
        })
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}
