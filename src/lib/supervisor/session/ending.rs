//! The steps from the request to end to the outcome.

use std::time::Duration;

use super::state::{ServeState, Session, SessionPhase, TunnelState};
use super::types::{
    AskAboutLog, EndReason, EndRequest, SessionAction, SessionOutcome, SessionTimer,
};

/// Wait for the goodbye and the unregistering together. The whole end shall take at most 2 s.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);

/// Wait for the goodbye alone. A browser needs 0.3 s for its part, and the unregistering 0.1 s, which
/// this leaves in any case.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(1000);

/// Wait for the room's process once it is released: it has only its memory left to overwrite.
const SERVE_EXIT_TIMEOUT: Duration = Duration::from_millis(400);

/// Wait for an answer about the event log of a session that ended by itself: its operator may be away, and
/// the log has names in it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Wait for the room's process after `panic`: it overwrites the memory of a full room in half of this.
const PANIC_TIMEOUT: Duration = Duration::from_millis(250);

/// A killed process that is still there after this hangs in the kernel. It is named at the end.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

impl Session {
    /// Begins the end. The goodbye may have to travel through the tunnel, whose edge may cut every
    /// connection as soon as it has unregistered the address. So the goodbye comes first; the room
    /// itself refuses newcomers meanwhile.
    pub(super) fn close(&mut self, reason: EndReason) -> Vec<SessionAction> {
        self.phase = SessionPhase::Closing(reason.clone());
        let mut actions = vec![SessionAction::ShowEnd(reason.clone())];
        if self.serve == ServeState::Ready {
            actions.push(SessionAction::CloseRoom);
        }
        if self.carries_goodbye() {
            actions.push(SessionAction::ArmTimer(SessionTimer::Goodbye, GOODBYE_TIMEOUT));
        } else {
            actions.extend(self.close_tunnel());
        }
        actions.push(SessionAction::ArmTimer(SessionTimer::Close, CLOSE_TIMEOUT));
        actions.extend(self.stop_if_closed(reason));
        actions
    }

    /// Whether participants may have to get the goodbye through the tunnel.
    fn carries_goodbye(&self) -> bool {
        self.serve == ServeState::Ready && matches!(self.tunnel, TunnelState::Up(_))
    }

    /// Goes on once the goodbye is delivered, or can no longer be: unregisters the address.
    pub(super) fn goodbye_over(&mut self, reason: EndReason) -> Vec<SessionAction> {
        let mut actions = self.close_tunnel();
        actions.extend(self.stop_if_closed(reason));
        actions
    }

    /// Orders the tunnel's process to unregister, once.
    pub(super) fn close_tunnel(&mut self) -> Vec<SessionAction> {
        match self.tunnel {
            TunnelState::None | TunnelState::Closing | TunnelState::Unregistered => Vec::new(),
            TunnelState::Searching
            | TunnelState::Found
            | TunnelState::Opening
            | TunnelState::Up(_)
            | TunnelState::Lost => {
                self.tunnel = TunnelState::Closing;
                vec![SessionAction::CloseTunnel]
            }
        }
    }

    /// Leaves `Closing` once the goodbye is delivered and the address unregistered. cloudflared may
    /// then wait up to 30 s for the edge to hang up, but carries nothing any more.
    pub(super) fn stop_if_closed(&mut self, reason: EndReason) -> Vec<SessionAction> {
        // A room that is still starting has no participants.
        let room_closed = self.serve != ServeState::Ready;
        let unregistered = matches!(self.tunnel, TunnelState::None | TunnelState::Unregistered);
        if room_closed && unregistered { self.stop(reason) } else { Vec::new() }
    }

    /// Enters `Stopping`: kills the tunnel, and lets the room's process exit by itself.
    pub(super) fn stop(&mut self, reason: EndReason) -> Vec<SessionAction> {
        self.phase = SessionPhase::Stopping(reason.clone());
        let mut actions = Vec::new();
        if self.tunnel != TunnelState::None {
            actions.push(SessionAction::KillTunnel);
        }
        if self.serve != ServeState::None {
            actions.push(SessionAction::ReleaseServe);
            actions.push(SessionAction::ArmTimer(SessionTimer::ServeExit, SERVE_EXIT_TIMEOUT));
        }
        actions.push(SessionAction::ArmTimer(SessionTimer::Kill, KILL_TIMEOUT));
        actions.extend(self.settle_log_if_stopped(reason));
        actions
    }

    /// Leaves `Stopping` once both processes have exited.
    pub(super) fn settle_log_if_stopped(&mut self, reason: EndReason) -> Vec<SessionAction> {
        let stopped = self.serve == ServeState::None && self.tunnel == TunnelState::None;
        if stopped { self.settle_log(reason) } else { Vec::new() }
    }

    /// Enters `SettlingLog`. A closed terminal is not asked, and one that may be left alone not for long.
    pub(super) fn settle_log(&mut self, reason: EndReason) -> Vec<SessionAction> {
        let ask = match &reason {
            EndReason::Requested(EndRequest::TerminalClosed) => AskAboutLog::No,
            EndReason::Requested(EndRequest::TimeOver | EndRequest::Idle) => {
                AskAboutLog::For(ANSWER_TIMEOUT)
            }
            EndReason::Requested(_)
            | EndReason::NoTunnel(_)
            | EndReason::Unconfined(_)
            | EndReason::OutputFailed(_)
            | EndReason::Failed(_) => AskAboutLog::Yes,
        };
        self.phase = SessionPhase::SettlingLog(reason);
        let mut actions = vec![SessionAction::SettleLog { ask }];
        if let AskAboutLog::For(wait) = ask {
            actions.push(SessionAction::ArmTimer(SessionTimer::Answer, wait));
        }
        actions
    }

    /// Enters `Wiping` after an orderly end.
    pub(super) fn wipe(&mut self, reason: EndReason) -> Vec<SessionAction> {
        self.phase = SessionPhase::Wiping(SessionOutcome::Clean(reason));
        vec![SessionAction::Wipe]
    }

    /// Enters `Wiping` at once: no goodbye, no question.
    pub(super) fn kill(&mut self) -> Vec<SessionAction> {
        self.phase = SessionPhase::Wiping(SessionOutcome::Killed);
        vec![SessionAction::KillTunnel, SessionAction::KillServe, SessionAction::Wipe]
    }

    /// Enters `Panicking`, or `Wiping` where there is no room.
    pub(super) fn panic(&mut self) -> Vec<SessionAction> {
        self.phase = SessionPhase::Panicking;
        let mut actions = vec![SessionAction::ShowPanic];
        if self.serve == ServeState::None {
            actions.extend(self.wipe_after_panic());
            return actions;
        }
        let timer = SessionAction::ArmTimer(SessionTimer::Panic, PANIC_TIMEOUT);
        actions.extend([SessionAction::PanicRoom, timer]);
        actions
    }

    /// Enters `Wiping` after `panic`.
    pub(super) fn wipe_after_panic(&mut self) -> Vec<SessionAction> {
        self.phase = SessionPhase::Wiping(SessionOutcome::Panicked);
        vec![SessionAction::KillTunnel, SessionAction::KillServe, SessionAction::Wipe]
    }

    /// Enters `Over` with the outcome `if_clean`, unless something remains.
    pub(super) fn finish(
        &mut self,
        if_clean: SessionOutcome,
        remains: Vec<String>,
    ) -> Vec<SessionAction> {
        self.phase = SessionPhase::Over;
        let outcome = if remains.is_empty() { if_clean } else { SessionOutcome::Remains(remains) };
        vec![SessionAction::Finish(outcome)]
    }
}
