//! From the request to end to "nothing remains".

use std::time::Duration;

use super::types::SessionAction::{
    self, Arm, CloseTunnel, DrainServe, Finish, KillServe, KillTunnel, SettleLog, Wipe,
};
use super::{
    EndReason, EndRequest, Serve, Session, SessionEvent, SessionOutcome, SessionPhase,
    SessionTimer, Tunnel,
};

/// For the goodbye and the unregistering together. The whole end shall take 2 s.
const DRAIN: Duration = Duration::from_millis(1500);
/// For the room's process, which at this point has nothing left to do.
const KILL: Duration = Duration::from_millis(400);
/// A killed process that is still there after this hangs in the kernel; it is named, not awaited.
const GONE: Duration = Duration::from_secs(2);

impl Session {
    /// A goodbye must travel through the tunnel, so both begin at once: the room says it while the
    /// tunnel unregisters, which keeps newcomers out and leaves open sockets alone.
    pub(super) fn close(&mut self, cause: EndReason) -> Vec<SessionAction> {
        self.phase = SessionPhase::Closing;
        self.cause = Some(cause.clone());
        let mut actions = vec![SessionAction::ShowEnd(cause)];
        match self.serve {
            Serve::Ready => actions.push(DrainServe),
            // Nobody is in there yet.
            Serve::Starting => self.serve = Serve::Drained,
            Serve::None | Serve::Drained => {}
        }
        if self.tunnel != Tunnel::None {
            actions.push(CloseTunnel);
        }
        actions.push(Arm(SessionTimer::Drain, DRAIN));
        actions.extend(self.go_on());
        actions
    }

    pub(super) fn drain(&mut self) -> Vec<SessionAction> {
        self.phase = SessionPhase::Draining;
        let mut actions = Vec::new();
        if self.tunnel != Tunnel::None {
            actions.push(KillTunnel);
        }
        if self.serve != Serve::None {
            actions.extend([SessionAction::ReleaseServe, Arm(SessionTimer::Kill, KILL)]);
        }
        actions.push(Arm(SessionTimer::Gone, GONE));
        actions.extend(self.go_on());
        actions
    }

    pub(super) fn settle(&mut self) -> Vec<SessionAction> {
        self.phase = SessionPhase::Wiping;
        let nobody = matches!(self.cause, Some(EndReason::EndRequest(EndRequest::TerminalClosed)));
        vec![SettleLog { ask: !nobody }]
    }

    /// Somebody asks for the end again.
    pub(super) fn insist(&mut self, cause: &EndReason) -> Vec<SessionAction> {
        let neighbour_gone = matches!(
            self.cause,
            Some(EndReason::EndRequest(EndRequest::ReaderGone | EndRequest::WriterGone))
        );
        match cause {
            // Ctrl+C reaches a whole pipeline, and the end of a neighbour may be faster than the
            // signal: it is still the first one.
            EndReason::EndRequest(EndRequest::Operator)
                if neighbour_gone && self.phase < SessionPhase::Wiping =>
            {
                self.cause = Some(cause.clone());
                Vec::new()
            }
            EndReason::EndRequest(EndRequest::Operator)
                if self.phase < SessionPhase::Over && !self.wiping =>
            {
                self.killed = true;
                self.wiping = true;
                self.phase = SessionPhase::Wiping;
                vec![KillTunnel, KillServe, Wipe]
            }
            // Over the question: the answer is the default.
            EndReason::EndRequest(EndRequest::TerminalClosed | EndRequest::Terminated)
                if self.phase == SessionPhase::Wiping && !self.wiping =>
            {
                vec![SettleLog { ask: false }]
            }
            EndReason::EndRequest(_)
            | EndReason::NoTunnel(_)
            | EndReason::Unconfined(_)
            | EndReason::Failed(_) => Vec::new(),
        }
    }

    pub(super) fn wipe(&mut self, event: &SessionEvent) -> Vec<SessionAction> {
        if self.phase != SessionPhase::Wiping {
            return Vec::new();
        }
        if *event == SessionEvent::LogSettled && !self.wiping {
            self.wiping = true;
            return vec![Wipe];
        }
        let SessionEvent::Wiped(clean) = event else {
            return Vec::new();
        };
        self.phase = SessionPhase::Over;
        let cause = self.cause.clone().unwrap_or(EndReason::EndRequest(EndRequest::Operator));
        vec![Finish(match (self.killed, clean) {
            (_, false) => SessionOutcome::Remains,
            (true, true) => SessionOutcome::Killed,
            (false, true) => SessionOutcome::Clean(cause),
        })]
    }
}
