//! What the processes of a session say to each other: one enum per direction, one JSON object per
//! line. No message text ever crosses this channel, and no secret but the ticket, which serve needs.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::bounds;
use crate::config::{ConfinementPolicy, RoomSettings, TunnelSettings};
use crate::memory::Locked;
use crate::process::Confinement;
use crate::token::Token;

/// The version of this build. All programs of a session must be of the same one.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Supervisor to serve.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToServe {
    /// First of all: the rules of the room, and the ticket that admits to it.
    Start {
        /// The rules of the room.
        room: RoomSettings,
        /// Who holds it may enter.
        ticket: Token,
    },
    /// The public host name under which the room is reached from now on; `None` takes it back.
    Host {
        /// Without scheme and port.
        name: Option<String>,
    },
    /// Tell everybody that the public address is another one now.
    Moved {
        /// `https://` and the host name.
        url: String,
    },
    /// Refuse newcomers, say goodbye to everybody, answer with [`FromServe::Drained`].
    Drain,
}

/// Serve to supervisor.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromServe {
    /// First of all, so that a program of another version is noticed at once.
    Hello {
        /// [`VERSION`] of the sender.
        #[serde(deserialize_with = "bounds::version")]
        version: String,
    },
    /// The room accepts connections.
    Ready {
        /// What stands between it and the rest of the machine.
        #[serde(deserialize_with = "bounds::protection")]
        protection: Protection,
    },
    /// Somebody came in.
    Joined {
        /// Who.
        #[serde(deserialize_with = "bounds::participant")]
        participant: Participant,
        /// How many are in the room now.
        present: usize,
    },
    /// Somebody is gone.
    Left {
        /// Who.
        #[serde(deserialize_with = "bounds::participant")]
        participant: Participant,
        /// How many are in the room now.
        present: usize,
    },
    /// Everybody was told goodbye, as far as they listened.
    Drained,
}

/// What the process of the room has given up, and where its memory may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protection {
    /// What it cannot do any more.
    pub(crate) confinement: Confinement,
    /// What of its memory cannot reach a swap disk.
    pub(crate) locked: Locked,
}

/// One participant, as the operator sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Participant {
    /// Counts up from 1 and is never given twice: tells two people of one name apart.
    pub(crate) number: u64,
    /// The name they chose: at most 64 bytes, harmless to show.
    pub(crate) name: String,
    /// Three letters that the server drew for them.
    pub(crate) tag: String,
}

/// Supervisor to tunnel.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToTunnel {
    /// First of all: find cloudflared, or fetch it; answer with [`FromTunnel::Found`].
    Start {
        /// How the room gets its public address.
        tunnel: TunnelSettings,
        /// What it means if cloudflared cannot be confined.
        confine: ConfinementPolicy,
        /// The session's private folder, in which cloudflared gets its empty home.
        run_dir: PathBuf,
    },
    /// Open a public address for this origin, once.
    Open {
        /// Where the room listens.
        origin: SocketAddr,
    },
    /// Unregister and end. Open sockets live on for the grace period.
    Close,
}

/// Tunnel to supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromTunnel {
    /// First of all, so that a program of another version is noticed at once.
    Hello {
        /// [`VERSION`] of the sender.
        #[serde(deserialize_with = "bounds::version")]
        version: String,
    },
    /// cloudflared is not here and will be fetched: what, from where, how large, to where.
    Fetching {
        /// Its version.
        #[serde(deserialize_with = "bounds::version")]
        version: String,
        /// The whole address.
        #[serde(deserialize_with = "bounds::sentence")]
        from: String,
        /// Bytes in all, when known.
        #[serde(deserialize_with = "bounds::maybe_bytes")]
        size: Option<u64>,
        /// Bytes that an earlier try has left.
        #[serde(deserialize_with = "bounds::bytes")]
        resumed_at: u64,
        /// The file it becomes.
        #[serde(deserialize_with = "bounds::path")]
        to: PathBuf,
    },
    /// So many bytes of it are here.
    Fetched {
        /// Bytes, counted from the beginning of the file.
        #[serde(deserialize_with = "bounds::bytes")]
        bytes: u64,
    },
    /// cloudflared is here.
    Found {
        /// The program.
        #[serde(deserialize_with = "bounds::path")]
        path: PathBuf,
        /// What it says of itself, or `None` when it says nothing usable.
        #[serde(deserialize_with = "bounds::maybe_version")]
        version: Option<String>,
        /// SHA-256 of the file, in hex.
        #[serde(deserialize_with = "bounds::digest")]
        digest: String,
        /// Where it came from.
        source: Source,
    },
    /// This kernel cannot keep cloudflared from something.
    Unconfined {
        /// What it may do and why, to follow its name; safe to show.
        #[serde(deserialize_with = "bounds::sentence")]
        what: String,
    },
    /// cloudflared was started.
    Starting,
    /// It has an address, which does not work yet and must not be resolved yet.
    Url {
        /// `https://` and the host name.
        #[serde(deserialize_with = "bounds::url")]
        url: String,
    },
    /// The edge knows the tunnel; its name is given time to appear in DNS.
    Settling {
        /// `https://` and the host name.
        #[serde(deserialize_with = "bounds::url")]
        url: String,
        /// Seconds until the link is announced.
        #[serde(deserialize_with = "bounds::seconds")]
        settle_seconds: u64,
    },
    /// The address works and may be announced: `registered` in the JSON of both programs.
    Registered {
        /// `https://` and the host name.
        #[serde(deserialize_with = "bounds::url")]
        url: String,
    },
    /// The edge lost the tunnel; cloudflared tries to come back under the same address.
    Reconnecting,
    /// The address is gone for good, or never came.
    Lost {
        /// What happened and what to do about it, in one sentence, safe to show.
        #[serde(deserialize_with = "bounds::sentence")]
        why: String,
        /// Do not try again before so many seconds.
        #[serde(deserialize_with = "bounds::maybe_seconds")]
        retry_after: Option<u64>,
    },
    /// The edge knows the tunnel no more, as asked: there are no newcomers. Open sockets live on.
    Unregistered,
    /// cloudflared has ended, as asked.
    Closed,
}

/// Supervisor to guard.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToGuard {
    /// The session is over as it should be: look once more, wipe the runtime folder, end. An end of
    /// the lifeline without this word is the death of the supervisor.
    Wipe,
}

/// Guard to supervisor.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromGuard {
    /// The only thing it says, so that a program of another version is noticed at once.
    Hello {
        /// [`VERSION`] of the sender.
        #[serde(deserialize_with = "bounds::version")]
        version: String,
    },
}

/// Where a cloudflared came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The copy that chattrace fetched, checked against its pinned digest.
    Managed,
    /// Found on `PATH`.
    Path,
    /// Named by the operator.
    Chosen,
}

/// From outside over `control.sock`, for scripts and `socat`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Request {
    /// Repeated in the answer.
    pub(crate) id: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub(crate) body: RequestBody,
}

/// What can be asked from outside.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum RequestBody {
    /// Is anybody there?
    Ping,
    /// How is the session?
    Status,
    /// End the session, as Ctrl+C does.
    Stop,
}

/// The answer to a [`Request`].
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Response {
    /// The number of the request; 0 when it could not be read.
    pub(crate) id: u64,
    /// What is answered.
    #[serde(flatten)]
    pub(crate) body: ResponseBody,
}

/// What can be answered.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ResponseBody {
    /// To [`RequestBody::Ping`].
    Pong {
        /// [`VERSION`] of the supervisor.
        version: &'static str,
    },
    /// To [`RequestBody::Status`].
    Status {
        /// The phase of the session.
        phase: &'static str,
        /// How many are in the room.
        present: usize,
        /// The public address without the ticket, when there is one.
        public: Option<String>,
    },
    /// To [`RequestBody::Stop`].
    Stopping,
    /// The line was not understood; the connection stays open.
    Error {
        /// Why.
        text: String,
    },
}
