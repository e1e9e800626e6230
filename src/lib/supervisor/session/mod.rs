//! THE state machine of a session: phase × event → actions. Pure: no I/O, no clock, nothing of the
//! rest of the program; `event_loop` brings the events and does the actions.
//!
//! ```text
//! Preparing → Starting → Opening → Open → Closing → Draining → Wiping → Over
//!     any phase before Closing may jump to it; a second request to end kills
//! ```

mod ending;
mod tunnel;
mod types;

#[cfg(test)]
mod model_check;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tunnel::RETRY;
use types::SessionAction::{Arm, KillServe, KillTunnel};

pub(super) use types::{
    EndReason, EndRequest, SessionAction, SessionEvent, SessionOutcome, SessionPhase, SessionTimer,
    TunnelPolicy,
};

/// A cleaner needs milliseconds; one that somebody has stopped, or that hangs on a dead file system,
/// must not keep the session from beginning.
const CLEAN: Duration = Duration::from_secs(10);
/// The room starts within milliseconds; a machine that needs this long cannot run it.
const START: Duration = Duration::from_secs(15);

/// How many guards a session may have, one after the other. One is enough unless somebody kills
/// them; whoever kills four will kill the fifth.
const GUARDS: u32 = 4;

/// One run of `chattrace`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::supervisor) struct Session {
    phase: SessionPhase,
    tunnel_policy: TunnelPolicy,
    tunnel: Tunnel,
    serve: Serve,
    cleaned: bool,
    /// How many more guards may be started.
    guards: u32,
    /// The public address that was announced last.
    announced: Option<String>,
    retry: Duration,
    cause: Option<EndReason>,
    killed: bool,
    wiping: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Tunnel {
    /// No process.
    None,
    /// Looks for cloudflared.
    Searching,
    /// Has found it.
    Found,
    /// Was asked for an address.
    Opening,
    /// Has one.
    Up,
    /// Has given it back, as asked, and may still carry what is being said.
    Unregistered,
    /// Has none and ends by itself.
    Lost(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Serve {
    None,
    Starting,
    Ready,
    Drained,
}

impl Session {
    /// A session that begins, and what to do first.
    pub(in crate::supervisor) fn begin(tunnel_policy: TunnelPolicy) -> (Self, Vec<SessionAction>) {
        let mut session = Self {
            phase: SessionPhase::Preparing,
            tunnel_policy,
            tunnel: Tunnel::None,
            serve: Serve::None,
            cleaned: false,
            guards: GUARDS - 1,
            announced: None,
            retry: RETRY.0,
            cause: None,
            killed: false,
            wiping: false,
        };
        // The guard before anybody whom it may have to end.
        let mut first = vec![
            SessionAction::StartGuard,
            SessionAction::StartCleaner,
            Arm(SessionTimer::Clean, CLEAN),
        ];
        match tunnel_policy {
            TunnelPolicy::Never => {}
            TunnelPolicy::WhenPossible | TunnelPolicy::Required => {
                first.extend(session.start_tunnel())
            }
        }
        (session, first)
    }

    /// Where it stands.
    pub(in crate::supervisor) fn phase(&self) -> SessionPhase {
        self.phase
    }

    /// Why it ends, once it does.
    #[cfg(test)]
    pub(in crate::supervisor) fn cause(&self) -> Option<&EndReason> {
        self.cause.as_ref()
    }

    /// The public address that was announced last.
    pub(in crate::supervisor) fn announced(&self) -> Option<&str> {
        self.announced.as_deref()
    }

    /// Whether a public address works right now.
    pub(in crate::supervisor) fn is_public(&self) -> bool {
        self.tunnel == Tunnel::Up
    }

    /// What to do about `event`.
    pub(in crate::supervisor) fn step(&mut self, event: SessionEvent) -> Vec<SessionAction> {
        match event {
            SessionEvent::End(cause) if self.phase < SessionPhase::Closing => self.close(cause),
            SessionEvent::End(cause) => self.insist(&cause),
            SessionEvent::Rang(timer) => self.rang(timer),
            SessionEvent::LogSettled | SessionEvent::Wiped(_) => self.wipe(&event),
            SessionEvent::Drained => {
                if self.serve == Serve::Ready {
                    self.serve = Serve::Drained;
                }
                self.go_on()
            }
            SessionEvent::Cleaned => {
                self.cleaned = true;
                self.go_on()
            }
            SessionEvent::GuardEnded(how) => self.guard_ended(how),
            SessionEvent::ServeReady if self.serve == Serve::Starting => {
                self.serve = Serve::Ready;
                self.go_on()
            }
            SessionEvent::ServeReady => Vec::new(),
            SessionEvent::ServeEnded(how) => self.serve_ended(how),
            SessionEvent::TunnelFound if self.tunnel == Tunnel::Searching => {
                self.tunnel = Tunnel::Found;
                self.go_on()
            }
            SessionEvent::TunnelFound => Vec::new(),
            SessionEvent::TunnelUp(url) => self.tunnel_up(url),
            SessionEvent::TunnelLost(why, wait) => self.tunnel_lost(why, wait),
            SessionEvent::TunnelUnregistered if self.phase == SessionPhase::Closing => {
                self.tunnel = Tunnel::Unregistered;
                self.go_on()
            }
            SessionEvent::TunnelUnregistered => Vec::new(),
            SessionEvent::TunnelEnded(how) => self.tunnel_ended(how),
        }
    }

    /// Moves to the next phase if everything that this one waits for is there.
    fn go_on(&mut self) -> Vec<SessionAction> {
        let searched = self.tunnel != Tunnel::Searching;
        match self.phase {
            SessionPhase::Preparing if self.cleaned && searched => {
                self.phase = SessionPhase::Starting;
                self.serve = Serve::Starting;
                vec![SessionAction::StartServe, Arm(SessionTimer::Start, START)]
            }
            SessionPhase::Starting if self.serve == Serve::Ready => self.open(),
            SessionPhase::Open if self.tunnel == Tunnel::Found => self.open_tunnel(),
            SessionPhase::Closing => {
                let goodbye_said = matches!(self.serve, Serve::None | Serve::Drained);
                // With the goodbye said there is nothing left that cloudflared could carry, however
                // long it waits for the edge to hang up.
                let tunnel_done = matches!(self.tunnel, Tunnel::None | Tunnel::Unregistered);
                if goodbye_said && tunnel_done { self.drain() } else { Vec::new() }
            }
            SessionPhase::Draining if self.serve == Serve::None && self.tunnel == Tunnel::None => {
                self.settle()
            }
            SessionPhase::Preparing
            | SessionPhase::Starting
            | SessionPhase::Opening
            | SessionPhase::Open
            | SessionPhase::Draining
            | SessionPhase::Wiping
            | SessionPhase::Over => Vec::new(),
        }
    }

    fn open(&mut self) -> Vec<SessionAction> {
        match &self.tunnel {
            Tunnel::Found => {
                self.phase = SessionPhase::Opening;
                self.open_tunnel()
            }
            Tunnel::None
            | Tunnel::Searching
            | Tunnel::Opening
            | Tunnel::Up
            | Tunnel::Unregistered
            | Tunnel::Lost(_) => {
                self.phase = SessionPhase::Open;
                vec![SessionAction::ShowLink(None)]
            }
        }
    }

    /// The session goes on without one: the kernel still ends our processes with us, only the
    /// runtime folder would stay for the next start.
    fn guard_ended(&mut self, how: String) -> Vec<SessionAction> {
        if self.wiping || self.phase == SessionPhase::Over {
            return Vec::new();
        }
        let replaced = self.guards > 0;
        let mut actions = Vec::new();
        if replaced {
            self.guards -= 1;
            actions.push(SessionAction::StartGuard);
        }
        // Said when it is so: whoever reads it may kill us at once.
        actions.push(SessionAction::ShowGuardLost { how, replaced });
        actions
    }

    fn serve_ended(&mut self, how: String) -> Vec<SessionAction> {
        self.serve = Serve::None;
        if self.phase < SessionPhase::Closing {
            return self
                .close(EndReason::Failed(format!("chattrace-serve {how}: the room is gone")));
        }
        self.go_on()
    }

    fn rang(&mut self, timer: SessionTimer) -> Vec<SessionAction> {
        match (timer, self.phase) {
            (SessionTimer::Clean, SessionPhase::Preparing) if !self.cleaned => {
                vec![SessionAction::KillCleaner]
            }
            (SessionTimer::Start, SessionPhase::Starting) => {
                self.close(EndReason::Failed("chattrace-serve did not become ready".to_owned()))
            }
            (SessionTimer::Retry, SessionPhase::Open) if self.tunnel == Tunnel::None => {
                self.start_tunnel()
            }
            // The lost one still ends; the next try comes after it.
            (SessionTimer::Retry, SessionPhase::Open) if matches!(self.tunnel, Tunnel::Lost(_)) => {
                vec![KillTunnel, Arm(SessionTimer::Retry, RETRY.0)]
            }
            (SessionTimer::Retry, phase) if phase < SessionPhase::Open => {
                vec![Arm(SessionTimer::Retry, RETRY.0)]
            }
            (SessionTimer::Drain, SessionPhase::Closing) => self.drain(),
            (SessionTimer::Kill, SessionPhase::Draining) => vec![KillServe],
            (SessionTimer::Gone, SessionPhase::Draining) => self.settle(),
            (
                SessionTimer::Clean
                | SessionTimer::Start
                | SessionTimer::Retry
                | SessionTimer::Drain
                | SessionTimer::Kill
                | SessionTimer::Gone,
                _,
            ) => Vec::new(),
        }
    }
}
