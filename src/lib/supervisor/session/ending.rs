//! From the request to end to "nothing remains".

use std::time::Duration;

use super::words::Action::{
    self, Arm, CloseTunnel, DrainServe, Finish, KillServe, KillTunnel, SettleLog, Wipe,
};
use super::{Asked, Cause, Ending, Event, Phase, Serve, Session, Timer, Tunnel};

/// For the goodbye and the unregistering together. The whole end shall take 2 s.
const DRAIN: Duration = Duration::from_millis(1500);
/// For the room's process, which at this point has nothing left to do.
const KILL: Duration = Duration::from_millis(400);
/// A killed process that is still there after this hangs in the kernel; it is named, not awaited.
const GONE: Duration = Duration::from_secs(2);

impl Session {
    /// A goodbye must travel through the tunnel, so both begin at once: the room says it while the
    /// tunnel unregisters, which keeps newcomers out and leaves open sockets alone.
    pub(super) fn close(&mut self, cause: Cause) -> Vec<Action> {
        self.phase = Phase::Closing;
        self.cause = Some(cause.clone());
        let mut actions = vec![Action::ShowEnd(cause)];
        match self.serve {
            Serve::Ready => actions.push(DrainServe),
            // Nobody is in there yet.
            Serve::Starting => self.serve = Serve::Drained,
            Serve::None | Serve::Drained => {}
        }
        if self.tunnel != Tunnel::None {
            actions.push(CloseTunnel);
        }
        actions.push(Arm(Timer::Drain, DRAIN));
        actions.extend(self.go_on());
        actions
    }

    pub(super) fn drain(&mut self) -> Vec<Action> {
        self.phase = Phase::Draining;
        let mut actions = Vec::new();
        if self.tunnel != Tunnel::None {
            actions.push(KillTunnel);
        }
        if self.serve != Serve::None {
            actions.extend([Action::ReleaseServe, Arm(Timer::Kill, KILL)]);
        }
        actions.push(Arm(Timer::Gone, GONE));
        actions.extend(self.go_on());
        actions
    }

    pub(super) fn settle(&mut self) -> Vec<Action> {
        self.phase = Phase::Wiping;
        let nobody = matches!(self.cause, Some(Cause::Asked(Asked::TerminalClosed)));
        vec![SettleLog { ask: !nobody }]
    }

    /// Somebody asks for the end again.
    pub(super) fn insist(&mut self, cause: &Cause) -> Vec<Action> {
        let neighbour_gone =
            matches!(self.cause, Some(Cause::Asked(Asked::ReaderGone | Asked::WriterGone)));
        match cause {
            // Ctrl+C reaches a whole pipeline, and the end of a neighbour may be faster than the
            // signal: it is still the first one.
            Cause::Asked(Asked::Operator) if neighbour_gone && self.phase < Phase::Wiping => {
                self.cause = Some(cause.clone());
                Vec::new()
            }
            Cause::Asked(Asked::Operator) if self.phase < Phase::Over && !self.wiping => {
                self.killed = true;
                self.wiping = true;
                self.phase = Phase::Wiping;
                vec![KillTunnel, KillServe, Wipe]
            }
            // Over the question: the answer is the default.
            Cause::Asked(Asked::TerminalClosed | Asked::Terminated)
                if self.phase == Phase::Wiping && !self.wiping =>
            {
                vec![SettleLog { ask: false }]
            }
            Cause::Asked(_) | Cause::NoTunnel(_) | Cause::Unconfined(_) | Cause::Failed(_) => {
                Vec::new()
            }
        }
    }

    pub(super) fn wipe(&mut self, event: &Event) -> Vec<Action> {
        if self.phase != Phase::Wiping {
            return Vec::new();
        }
        if *event == Event::LogSettled && !self.wiping {
            self.wiping = true;
            return vec![Wipe];
        }
        let Event::Wiped(clean) = event else {
            return Vec::new();
        };
        self.phase = Phase::Over;
        let cause = self.cause.clone().unwrap_or(Cause::Asked(Asked::Operator));
        vec![Finish(match (self.killed, clean) {
            (_, false) => Ending::Remains,
            (true, true) => Ending::Killed,
            (false, true) => Ending::Clean(cause),
        })]
    }
}
