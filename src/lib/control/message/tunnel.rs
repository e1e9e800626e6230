//! Between the supervisor and `chattrace-tunnel`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::{ConfinementPolicy, TunnelSettings};
use crate::control::validate;

/// Supervisor to tunnel.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToTunnel {
    /// The first message: find cloudflared or download it, then answer with [`FromTunnel::Found`].
    Start {
        tunnel: TunnelSettings,
        /// Whether to run cloudflared if it cannot be confined.
        confine: ConfinementPolicy,
        /// The session's private folder, in which cloudflared gets its empty home.
        run_dir: PathBuf,
    },
    /// Open one public address for the room, which listens at `origin`.
    Open { origin: SocketAddr },
    /// Unregister and end. Open connections last until cloudflared's grace period is over.
    Close,
}

/// Tunnel to supervisor. Every field is validated: cloudflared repeats what the network answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromTunnel {
    /// The first message, so that a program of another version is noticed at once.
    Hello {
        /// [`VERSION`](super::VERSION) of the sender.
        #[serde(deserialize_with = "validate::version")]
        version: String,
    },
    /// cloudflared is not installed and will be downloaded.
    Fetching {
        #[serde(deserialize_with = "validate::version")]
        version: String,
        /// The whole URL.
        #[serde(deserialize_with = "validate::sentence")]
        from: String,
        /// Bytes of the whole file; `None` if the server does not say.
        #[serde(deserialize_with = "validate::maybe_bytes")]
        size: Option<u64>,
        /// Bytes that an earlier, interrupted download has left.
        #[serde(deserialize_with = "validate::bytes")]
        resumed_at: u64,
        /// The file it becomes.
        #[serde(deserialize_with = "validate::path")]
        to: PathBuf,
    },
    /// Progress of the download: bytes on disk, counted from the beginning of the file.
    Fetched {
        #[serde(deserialize_with = "validate::bytes")]
        bytes: u64,
    },
    /// cloudflared is installed and may be run.
    Found {
        #[serde(deserialize_with = "validate::path")]
        path: PathBuf,
        /// Its own output for `--version`; `None` when that is no version.
        #[serde(deserialize_with = "validate::maybe_version")]
        version: Option<String>,
        /// SHA-256 of the file, in hex.
        #[serde(deserialize_with = "validate::digest")]
        digest: String,
        source: CloudflaredSource,
    },
    /// A layer of cloudflared's confinement is missing.
    Unconfined {
        /// What cloudflared may do and why, to follow its name; printable.
        #[serde(deserialize_with = "validate::sentence")]
        what: String,
    },
    /// cloudflared was started.
    Starting {
        /// Why it was started a second time; `None` at the first. Printable.
        #[serde(default, deserialize_with = "validate::maybe_sentence")]
        why: Option<String>,
    },
    /// The address that was printed takes longer than usual to work.
    Delayed {
        /// What is awaited, and what comes next; printable.
        #[serde(deserialize_with = "validate::sentence")]
        why: String,
    },
    /// cloudflared printed an address. It does not work yet and must not be resolved yet.
    Url {
        /// `https://` and the host name.
        #[serde(deserialize_with = "validate::url")]
        url: String,
    },
    /// The edge has registered the tunnel; its name is given time to appear in DNS.
    Settling {
        /// `https://` and the host name.
        #[serde(deserialize_with = "validate::url")]
        url: String,
        /// Seconds until the link is announced.
        #[serde(deserialize_with = "validate::seconds")]
        settle_seconds: u64,
    },
    /// The address works and may be announced: `registered` in the JSON of both programs.
    Registered {
        /// `https://` and the host name.
        #[serde(deserialize_with = "validate::url")]
        url: String,
    },
    /// The edge lost the tunnel; cloudflared reconnects under the same address.
    Reconnecting,
    /// The address is lost for good, or was never assigned.
    Lost {
        /// What happened and the next step, in one printable sentence.
        #[serde(deserialize_with = "validate::sentence")]
        why: String,
        /// Seconds to wait before the next attempt.
        #[serde(deserialize_with = "validate::maybe_seconds")]
        retry_after: Option<u64>,
    },
    /// The edge has unregistered the tunnel, as asked: no new connections arrive, open ones go on.
    Unregistered,
    /// cloudflared has exited, as asked.
    Closed,
}

/// Where a cloudflared came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CloudflaredSource {
    /// Downloaded by chattrace, checked against its pinned digest.
    Managed,
    /// Found on `PATH`.
    Path,
    /// Configured by the operator.
    Chosen,
}
