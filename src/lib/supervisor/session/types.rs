//! The events that a session takes, the actions that it asks for, and the data of both.

use std::time::Duration;

/// Whether the room gets a public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum TunnelPolicy {
    /// The room is reached on this machine only.
    Never,
    /// Without a public address the session goes on with the local link, and tries again later.
    WhenPossible,
    /// A session that cannot get a public address at its start ends.
    Required,
}

/// Why a session ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum EndReason {
    /// The operator, a script or a closed stream asked for it. The only reason that is no error.
    Requested(EndRequest),
    /// A public address was required, and this is why there is none.
    NoTunnel(String),
    /// Confinement was required, and these layers are missing.
    Unconfined(String),
    /// A link or an event could not be written to stdout; the text says why.
    OutputFailed(String),
    /// A program of this session failed; the text says which and how.
    Failed(String),
}

impl EndReason {
    /// Whether the session ends without the operator: because a program beside it in a pipeline has
    /// ended, or by itself.
    pub(super) fn is_unattended(&self) -> bool {
        use EndRequest::{Idle, StdinClosed, StdoutClosed, TimeOver};
        matches!(self, Self::Requested(StdoutClosed | StdinClosed | TimeOver | Idle))
    }
}

/// What requested the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum EndRequest {
    /// Ctrl+C. A second one kills: only a person presses it, and means it.
    Interrupt,
    /// SIGTERM or SIGQUIT. Service managers repeat SIGTERM, so a second one changes nothing.
    Terminate,
    /// The terminal is closed, so that no question can be answered.
    TerminalClosed,
    /// The program that read the link has closed its end of the pipe.
    StdoutClosed,
    /// The program that wrote to standard input has closed its end of the pipe.
    StdinClosed,
    /// `stop` over the control socket.
    ControlSocket,
    /// The command `end`.
    Command,
    /// The time that was set for the session is over.
    TimeOver,
    /// No one was in the room for as long as was set.
    Idle,
}

/// Anything that the session decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum SessionEvent {
    /// The cleaner has exited, whether or not it removed what dead sessions left.
    Cleaned,
    /// The guard has exited; the text says how.
    GuardExited(String),
    /// The tunnel's process has found or fetched cloudflared.
    CloudflaredFound,
    /// This public address works.
    TunnelUp(String),
    /// There is no public address, and this tunnel's process will not get one.
    TunnelLost {
        why: String,
        /// The tunnel provider's own bound: no new attempt before so many seconds.
        retry_after: Option<u64>,
    },
    /// The edge has forgotten the public address, as requested. Open connections still work.
    TunnelUnregistered,
    /// The tunnel's process has exited; the text says how.
    TunnelExited(String),
    /// The room accepts connections.
    ServeReady,
    /// Every participant was sent the goodbye, or could not be reached in time.
    RoomClosed,
    /// The room's process has exited; the text says how.
    ServeExited(String),
    /// The session must end for this reason.
    End(EndReason),
    /// The session must end at once, without a goodbye and a question, and nothing of it be left to see.
    Panic,
    /// The event log is saved or deleted.
    LogSettled,
    /// Everything was removed but for these, each described in a few words.
    Wiped(Vec<String>),
    /// A timer that was armed has expired.
    TimerExpired(SessionTimer),
}

/// Timers of a session. Arming one again moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::supervisor) enum SessionTimer {
    /// The cleaner must have exited.
    Cleaner,
    /// The room must be ready.
    ServeStart,
    /// The next attempt to get a public address is due.
    TunnelRetry,
    /// The goodbye must be delivered: the address is unregistered now, whether it is or not.
    Goodbye,
    /// The goodbye must be delivered and the address unregistered.
    Close,
    /// The room's process, which was released, must have exited.
    ServeExit,
    /// Processes that were killed must be gone.
    Kill,
    /// The room's process must have overwritten its memory after the order to panic.
    Panic,
    /// The question about the event log must be answered, if the session ended without the operator.
    Answer,
    /// The time that was set for the session is over.
    End,
    /// The operator is reminded of [`SessionTimer::End`]. Means nothing to the session.
    EndSoon,
    /// The status line shows another time until [`SessionTimer::End`]. Means nothing to the session.
    TimeLeft,
    /// No one was in the room for as long as was set.
    Idle,
}

/// Something that the event loop must do. A child that is not there is not signalled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum SessionAction {
    /// Spawn the guard, which cleans up if the supervisor is killed.
    SpawnGuard,
    /// Show that the guard has exited.
    ShowGuardLost {
        how: String,
        /// Whether another one was spawned in its place.
        replaced: bool,
    },
    /// Spawn the cleaner, which removes what dead sessions left.
    SpawnCleaner,
    /// Kill a cleaner that hangs.
    KillCleaner,
    /// Spawn the tunnel's process, which begins by looking for cloudflared.
    SpawnTunnel,
    /// Order the tunnel's process to get a public address.
    OpenTunnel,
    /// Spawn the room's process, with the listener and the ticket.
    SpawnServe,
    /// Show the link under this public address; `None` is the local one.
    ShowLink(Option<String>),
    /// Tell the participants that this address replaces the one that was lost.
    AnnounceMove(String),
    /// Show that the address which was shown last works again.
    ShowAddressRestored,
    /// Show why there is no public address, and when the next attempt is due.
    ShowTunnelLost { why: String, retry_in: Duration },
    /// Show that the session ends, and why.
    ShowEnd(EndReason),
    /// Clear the screen, and forget the event log.
    ShowPanic,
    /// Order the room's process to send every participant the end without waiting, to overwrite its memory
    /// and to exit.
    PanicRoom,
    /// Order the room to send every participant the goodbye.
    CloseRoom,
    /// Order the tunnel's process to unregister the public address.
    CloseTunnel,
    /// Kill the tunnel's process and its cloudflared.
    KillTunnel,
    /// Close the lifeline of the room's process, which overwrites its memory and exits.
    ReleaseServe,
    /// Kill the room's process; its memory is then not overwritten.
    KillServe,
    /// Save or delete the event log.
    SettleLog { ask: AskAboutLog },
    /// Kill every process that is left, remove the runtime folder, and check that both are gone.
    Wipe,
    /// Report [`SessionEvent::TimerExpired`] after this long.
    ArmTimer(SessionTimer, Duration),
    /// The last action of every session.
    Finish(SessionOutcome),
}

/// Whether the operator may be asked about the event log; otherwise the configuration or the default
/// decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum AskAboutLog {
    /// They are there: they have ended the session.
    Yes,
    /// They may not be there: no answer within this time is the default.
    For(Duration),
    No,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum SessionOutcome {
    /// In order, and nothing remains.
    Clean(EndReason),
    /// By a second Ctrl+C, and nothing remains.
    Killed,
    /// By the command `panic`, and nothing remains.
    Panicked,
    /// These could not be removed or ended, however the session ended.
    Remains(Vec<String>),
}
