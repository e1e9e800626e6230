//! What a session is told, what it says, and where it stands.

use std::time::Duration;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::supervisor) enum SessionPhase {
    /// What dead sessions left is cleaned, cloudflared is found or fetched.
    Preparing,
    /// The room starts.
    Starting,
    /// The room is there, the public address not yet.
    Opening,
    /// There is a link.
    Open,
    /// Participants are told goodbye while the tunnel unregisters.
    Closing,
    /// What is left of tunnel and room is ended.
    Draining,
    /// The event log is settled, then everything is removed and checked.
    Wiping,
    /// Nothing follows.
    Over,
}

impl SessionPhase {
    /// The word for it, as scripts see it over the control socket.
    pub(in crate::supervisor) fn name(self) -> &'static str {
        match self {
            SessionPhase::Preparing => "preparing",
            SessionPhase::Starting => "starting",
            SessionPhase::Opening => "opening",
            SessionPhase::Open => "open",
            SessionPhase::Closing => "closing",
            SessionPhase::Draining => "draining",
            SessionPhase::Wiping => "wiping",
            SessionPhase::Over => "over",
        }
    }
}

/// How the room gets its public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum TunnelPolicy {
    /// Not at all.
    Never,
    /// If it can be had; else the local link, and another try later.
    WhenPossible,
    /// Or no session.
    Required,
}

/// Why a session ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum EndReason {
    /// The operator, or the system in their name.
    EndRequest(EndRequest),
    /// The public address was required and cannot be had.
    NoTunnel(String),
    /// Confinement was required and is not whole: what is missing.
    Unconfined(String),
    /// One of our own processes failed.
    Failed(String),
}

/// Who asked for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) enum EndRequest {
    /// Ctrl+C: somebody who can ask again, and means it when they do.
    Operator,
    /// `kill`, Ctrl+\: who sends this twice wants nothing more than once.
    Terminated,
    /// The terminal is closed: nobody can be asked anything.
    TerminalClosed,
    /// The program that read the link is gone.
    ReaderGone,
    /// The program that wrote to our standard input is gone.
    WriterGone,
    /// `stop` over the control socket.
    Remotely,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum SessionEvent {
    /// The cleaning of dead sessions is over.
    Cleaned,
    /// The guard's process is gone: how.
    GuardEnded(String),
    /// cloudflared is here.
    TunnelFound,
    /// The public address works.
    TunnelUp(String),
    /// It does not, and will not; another try not before so many seconds.
    TunnelLost(String, Option<u64>),
    /// The edge knows the tunnel no more, as it was asked.
    TunnelUnregistered,
    /// The tunnel's process is gone.
    TunnelEnded(String),
    /// The room accepts connections.
    ServeReady,
    /// The room's process is gone.
    ServeEnded(String),
    /// Everybody was told goodbye.
    Drained,
    /// Somebody wants the session to end.
    End(EndReason),
    /// The event log is saved or deleted.
    LogSettled,
    /// Everything was removed; `true` if the check found nothing left.
    Wiped(bool),
    /// A timer that was armed rang.
    Rang(SessionTimer),
}

/// Timers of a session; arming one again moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::supervisor) enum SessionTimer {
    /// The cleaning of dead sessions has had its time.
    Clean,
    /// The room must be ready.
    Start,
    /// The next try for a public address.
    Retry,
    /// The goodbye has had its time.
    Drain,
    /// The room was asked to end, and now is made to.
    Kill,
    /// What was killed must be gone.
    Gone,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum SessionAction {
    /// Start the guard.
    StartGuard,
    /// Say that the guard is gone, how, and whether there is another one.
    ShowGuardLost {
        /// How it ended.
        how: String,
        /// Whether another one is started.
        replaced: bool,
    },
    /// Let what dead sessions left be cleaned.
    StartCleaner,
    /// Do not wait for that any longer.
    KillCleaner,
    /// Start the tunnel's process, which finds cloudflared.
    StartTunnel,
    /// Ask it for a public address.
    OpenTunnel,
    /// Start the room.
    StartServe,
    /// Announce the link under this address; `None` is the local one.
    ShowLink(Option<String>),
    /// Tell the participants that this address takes the place of the one that was lost.
    TellMoved(String),
    /// The address that was announced works again.
    ShowBack,
    /// The public address is gone, or never came: why, and when the next try is.
    ShowLost(String, Option<Duration>),
    /// Say that the session ends, and why.
    ShowEnd(EndReason),
    /// Tell the participants goodbye.
    DrainServe,
    /// Unregister.
    CloseTunnel,
    /// End the tunnel's process group.
    KillTunnel,
    /// Let go of the room's process: it ends by itself, and overwrites its memory.
    ReleaseServe,
    /// End the room's process group.
    KillServe,
    /// Settle the event log, asking the operator only if they are there.
    SettleLog {
        /// Whether there may be somebody to ask.
        ask: bool,
    },
    /// Remove everything and check.
    Wipe,
    /// Let a timer ring.
    Arm(SessionTimer, Duration),
    /// The session is over.
    Finish(SessionOutcome),
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum SessionOutcome {
    /// For this reason, and nothing remains.
    Clean(EndReason),
    /// Something remains.
    Remains,
    /// Asked twice.
    Killed,
}
