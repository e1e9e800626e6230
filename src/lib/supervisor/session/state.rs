//! The state of a session: its phase, and the state of the processes that phases wait for.

use std::time::Duration;

use super::types::{EndReason, SessionOutcome, TunnelPolicy};

/// The wait before the second attempt to get a public address. It doubles with each failure.
pub(super) const FIRST_BACKOFF: Duration = Duration::from_secs(5);
/// The longest wait between two attempts, unless the provider asks for a longer one.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(300);

/// The phase of a session, with what only this phase knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum SessionPhase {
    /// The cleaner removes what dead sessions left, and the tunnel's process looks for cloudflared.
    Preparing {
        /// Whether the cleaner has exited.
        cleaned: bool,
    },
    /// The room's process starts.
    Starting,
    /// The tunnel's process gets a public address.
    Opening,
    /// A link is shown, public or local.
    Open,
    /// The room sends the participants the goodbye, then the tunnel unregisters.
    Closing(EndReason),
    /// The processes of tunnel and room exit, or are killed.
    Stopping(EndReason),
    /// The event log is saved or deleted; the operator may have been asked which.
    SettlingLog(EndReason),
    /// After `panic`: the room's process overwrites its memory and exits.
    Panicking,
    /// Everything is removed and checked. If nothing remains, the outcome is this one.
    Wiping(SessionOutcome),
    /// The outcome was returned; no event changes anything.
    Over,
}

impl SessionPhase {
    /// The word in the answer to `status`: a contract with scripts, so two phases keep older words.
    pub(in crate::supervisor) fn status_word(&self) -> &'static str {
        match self {
            Self::Preparing { .. } => "preparing",
            Self::Starting => "starting",
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Closing(_) => "closing",
            Self::Stopping(_) => "draining",
            Self::SettlingLog(_) | Self::Panicking | Self::Wiping(_) => "wiping",
            Self::Over => "over",
        }
    }

    /// Whether the operator can type a command: `panic`, once the end has begun. Later, they may be asked
    /// about the event log.
    pub(in crate::supervisor) fn takes_commands(&self) -> bool {
        match self {
            Self::Preparing { .. }
            | Self::Starting
            | Self::Opening
            | Self::Open
            | Self::Closing(_)
            | Self::Stopping(_) => true,
            Self::SettlingLog(_) | Self::Panicking | Self::Wiping(_) | Self::Over => false,
        }
    }

    /// Whether the end has begun.
    pub(in crate::supervisor) fn is_ending(&self) -> bool {
        match self {
            Self::Preparing { .. } | Self::Starting | Self::Opening | Self::Open => false,
            Self::Closing(_)
            | Self::Stopping(_)
            | Self::SettlingLog(_)
            | Self::Panicking
            | Self::Wiping(_)
            | Self::Over => true,
        }
    }
}

/// The tunnel's process, as far as its messages say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum TunnelState {
    /// There is no process.
    None,
    /// It looks for cloudflared, or fetches it.
    Searching,
    /// It has cloudflared and waits for the order to open.
    Found,
    /// It was ordered to get a public address.
    Opening,
    /// This public address works, or is being reconnected.
    Up(String),
    /// It was ordered to unregister the address and to exit.
    Closing,
    /// It has unregistered the address. Open connections may still carry the goodbye.
    Unregistered,
    /// It has no address and is about to exit.
    Lost,
}

/// The room's process, as far as its messages say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ServeState {
    /// There is no process.
    None,
    /// It accepts no participants yet.
    Starting,
    /// It accepts participants.
    Ready,
    /// It has sent every participant the goodbye.
    Closed,
}

/// One run of `chattrace`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) struct Session {
    pub(super) phase: SessionPhase,
    /// From the configuration; never changes.
    pub(super) tunnel_policy: TunnelPolicy,
    pub(super) tunnel: TunnelState,
    pub(super) serve: ServeState,
    /// How many guards may still be spawned.
    pub(super) spare_guards: u32,
    /// The public address that was shown last, whether or not it still works.
    pub(super) last_address: Option<String>,
    /// The wait before the next attempt to get a public address.
    pub(super) backoff: Duration,
}

impl Session {
    /// The current phase, for scripts and for the choice of what is shown.
    pub(in crate::supervisor) fn phase(&self) -> &SessionPhase {
        &self.phase
    }

    /// Whether the room accepts participants.
    pub(in crate::supervisor) fn has_room(&self) -> bool {
        self.serve == ServeState::Ready
    }

    /// The public address that works right now, without the ticket.
    pub(in crate::supervisor) fn public_address(&self) -> Option<&str> {
        match &self.tunnel {
            TunnelState::Up(url) => Some(url),
            TunnelState::None
            | TunnelState::Searching
            | TunnelState::Found
            | TunnelState::Opening
            | TunnelState::Closing
            | TunnelState::Unregistered
            | TunnelState::Lost => None,
        }
    }
}
