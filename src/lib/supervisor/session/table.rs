//! The table: for each phase, the events that mean something in it, and what they do.

use super::opening::SERVE_START_TIMEOUT;
use super::state::SessionPhase::{
    Closing, Open, Opening, Panicking, Preparing, SettlingLog, Starting, Stopping, Wiping,
};
use super::state::{FIRST_BACKOFF, ServeState, Session, TunnelState};
use super::types::EndReason::{Failed, Requested};
use super::types::EndRequest::{Idle, Interrupt, TerminalClosed, Terminate, TimeOver};
use super::types::SessionAction::{ArmTimer, KillCleaner, KillServe, SettleLog};
use super::types::SessionEvent::{
    Cleaned, CloudflaredFound, End, GuardExited, LogSettled, Panic, RoomClosed, ServeExited,
    ServeReady, TimerExpired, TunnelExited, TunnelLost, TunnelUnregistered, TunnelUp, Wiped,
};
use super::types::SessionTimer::{
    Cleaner, Close, Goodbye, Kill, ServeExit, ServeStart, TunnelRetry,
};
use super::types::{AskAboutLog, SessionAction, SessionEvent, SessionTimer};

impl Session {
    /// Takes `event` and returns what is to be done about it, in order.
    pub(in crate::supervisor) fn step(&mut self, event: SessionEvent) -> Vec<SessionAction> {
        if self.phase.is_ending() { self.step_to_outcome(event) } else { self.step_to_link(event) }
    }

    /// The first four phases.
    fn step_to_link(&mut self, event: SessionEvent) -> Vec<SessionAction> {
        match (self.phase.clone(), event) {
            (Preparing { .. }, Cleaned) => self.cleaned(),
            (Preparing { cleaned: false }, TimerExpired(Cleaner)) => vec![KillCleaner],
            (Preparing { .. }, CloudflaredFound) if self.tunnel == TunnelState::Searching => {
                self.tunnel = TunnelState::Found;
                self.start_if_prepared()
            }

            (Starting, ServeReady) => self.serve_ready(),
            (Starting, TimerExpired(ServeStart)) => {
                let seconds = SERVE_START_TIMEOUT.as_secs();
                self.close(Failed(format!("chattrace-serve was not ready within {seconds} s")))
            }

            (Opening | Open, TunnelUp(url)) => self.tunnel_up(url),

            (Open, CloudflaredFound) if self.tunnel == TunnelState::Searching => self.open_tunnel(),
            (Open, TimerExpired(TunnelRetry)) => self.retry_tunnel(),

            // Not before the first link: the attempt is put off.
            (_, TimerExpired(TunnelRetry)) => vec![ArmTimer(TunnelRetry, FIRST_BACKOFF)],
            (_, TunnelLost { why, retry_after }) => self.tunnel_lost(why, retry_after),
            (_, TunnelExited(how)) => self.tunnel_exited(&how),
            (_, ServeExited(how)) => {
                self.serve = ServeState::None;
                self.close(Failed(format!("chattrace-serve {how}: the room is gone")))
            }
            (_, GuardExited(how)) => self.guard_exited(how),
            (_, End(reason)) => self.close(reason),
            (_, TimerExpired(SessionTimer::End)) => self.close(Requested(TimeOver)),
            (_, TimerExpired(SessionTimer::Idle)) => self.close(Requested(Idle)),
            (_, Panic) => self.panic(),

            // Every other pair comes too late to matter, or is none that the children can cause.
            (
                _,
                Cleaned | CloudflaredFound | LogSettled | RoomClosed | ServeReady | TimerExpired(_)
                | TunnelUnregistered | TunnelUp(_) | Wiped(_),
            ) => Vec::new(),
        }
    }

    /// The phases from the request to end.
    fn step_to_outcome(&mut self, event: SessionEvent) -> Vec<SessionAction> {
        match (self.phase.clone(), event) {
            (Closing(reason), RoomClosed) if self.serve == ServeState::Ready => {
                self.serve = ServeState::Closed;
                self.goodbye_over(reason)
            }
            (Closing(reason), ServeExited(_)) => {
                self.serve = ServeState::None;
                self.goodbye_over(reason)
            }
            (Closing(_), TimerExpired(Goodbye)) => self.close_tunnel(),
            (Closing(reason), TunnelUnregistered) => {
                self.tunnel = TunnelState::Unregistered;
                self.stop_if_closed(reason)
            }
            (Closing(reason), TunnelExited(_)) => {
                self.tunnel = TunnelState::None;
                self.stop_if_closed(reason)
            }
            (Closing(reason), TimerExpired(Close)) => self.stop(reason),

            (Stopping(reason), ServeExited(_)) => {
                self.serve = ServeState::None;
                self.settle_log_if_stopped(reason)
            }
            (Stopping(reason), TunnelExited(_)) => {
                self.tunnel = TunnelState::None;
                self.settle_log_if_stopped(reason)
            }
            (Stopping(_), TimerExpired(ServeExit)) => vec![KillServe],
            (Stopping(reason), TimerExpired(Kill)) => self.settle_log(reason),

            (SettlingLog(reason), LogSettled) => self.wipe(reason),
            // The question about the log is open: it gets the default answer.
            (SettlingLog(_), End(Requested(TerminalClosed | Terminate)))
            | (SettlingLog(_), TimerExpired(SessionTimer::Answer)) => {
                vec![SettleLog { ask: AskAboutLog::No }]
            }

            // Ctrl+C reaches a whole pipeline, and the exit of a program beside this one may be
            // noticed before the signal: then this is the first Ctrl+C. So it is where the session has
            // begun to end by itself at that moment.
            (Closing(reason), End(Requested(Interrupt))) if reason.is_unattended() => {
                self.phase = Closing(Requested(Interrupt));
                Vec::new()
            }
            (Stopping(reason), End(Requested(Interrupt))) if reason.is_unattended() => {
                self.phase = Stopping(Requested(Interrupt));
                Vec::new()
            }
            (Closing(_) | Stopping(_) | SettlingLog(_), End(Requested(Interrupt))) => self.kill(),
            (Closing(_) | Stopping(_) | SettlingLog(_), GuardExited(how)) => self.guard_exited(how),

            (Closing(_) | Stopping(_) | SettlingLog(_), Panic) => self.panic(),
            (
                Panicking,
                ServeExited(_)
                | TimerExpired(SessionTimer::Panic)
                | Panic
                | End(Requested(Interrupt)),
            ) => self.wipe_after_panic(),

            (Wiping(if_clean), Wiped(remains)) => self.finish(if_clean, remains),

            // Every other pair comes too late to matter.
            (
                _,
                Cleaned
                | CloudflaredFound
                | End(_)
                | GuardExited(_)
                | LogSettled
                | Panic
                | RoomClosed
                | ServeExited(_)
                | ServeReady
                | TimerExpired(_)
                | TunnelExited(_)
                | TunnelLost { .. }
                | TunnelUnregistered
                | TunnelUp(_)
                | Wiped(_),
            ) => Vec::new(),
        }
    }
}
