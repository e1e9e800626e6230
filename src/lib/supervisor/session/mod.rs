//! THE state machine of a session: phase × event → actions. Pure: no I/O, no clock, nothing of the
//! rest of the program; `drive` brings the events and does the actions.
//!
//! ```text
//! Preparing → Starting → Opening → Open → Closing → Draining → Wiping → Over
//!     any phase before Closing may jump to it; a second request to end kills
//! ```

mod ending;
mod tunnel;
mod words;

#[cfg(test)]
mod explored;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tunnel::RETRY;
use words::Action::{Arm, KillServe, KillTunnel};

pub(super) use words::{Action, Asked, Cause, Ending, Event, Phase, Timer, Tunnelling};

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
    phase: Phase,
    tunnelling: Tunnelling,
    tunnel: Tunnel,
    serve: Serve,
    cleaned: bool,
    /// How many more guards may be started.
    guards: u32,
    /// The public address that was announced last.
    announced: Option<String>,
    retry: Duration,
    cause: Option<Cause>,
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
    pub(in crate::supervisor) fn begin(tunnelling: Tunnelling) -> (Self, Vec<Action>) {
        let mut session = Self {
            phase: Phase::Preparing,
            tunnelling,
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
        let mut first = vec![Action::StartGuard, Action::StartCleaner, Arm(Timer::Clean, CLEAN)];
        match tunnelling {
            Tunnelling::Never => {}
            Tunnelling::WhenPossible | Tunnelling::Required => first.extend(session.start_tunnel()),
        }
        (session, first)
    }

    /// Where it stands.
    pub(in crate::supervisor) fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it ends, once it does.
    #[cfg(test)]
    pub(in crate::supervisor) fn cause(&self) -> Option<&Cause> {
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
    pub(in crate::supervisor) fn step(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::End(cause) if self.phase < Phase::Closing => self.close(cause),
            Event::End(cause) => self.insist(&cause),
            Event::Rang(timer) => self.rang(timer),
            Event::LogSettled | Event::Wiped(_) => self.wipe(&event),
            Event::Drained => {
                if self.serve == Serve::Ready {
                    self.serve = Serve::Drained;
                }
                self.go_on()
            }
            Event::Cleaned => {
                self.cleaned = true;
                self.go_on()
            }
            Event::GuardEnded(how) => self.guard_ended(how),
            Event::ServeReady if self.serve == Serve::Starting => {
                self.serve = Serve::Ready;
                self.go_on()
            }
            Event::ServeReady => Vec::new(),
            Event::ServeEnded(how) => self.serve_ended(how),
            Event::TunnelFound if self.tunnel == Tunnel::Searching => {
                self.tunnel = Tunnel::Found;
                self.go_on()
            }
            Event::TunnelFound => Vec::new(),
            Event::TunnelUp(url) => self.tunnel_up(url),
            Event::TunnelLost(why, wait) => self.tunnel_lost(why, wait),
            Event::TunnelUnregistered if self.phase == Phase::Closing => {
                self.tunnel = Tunnel::Unregistered;
                self.go_on()
            }
            Event::TunnelUnregistered => Vec::new(),
            Event::TunnelEnded(how) => self.tunnel_ended(how),
        }
    }

    /// Moves to the next phase if everything that this one waits for is there.
    fn go_on(&mut self) -> Vec<Action> {
        let searched = self.tunnel != Tunnel::Searching;
        match self.phase {
            Phase::Preparing if self.cleaned && searched => {
                self.phase = Phase::Starting;
                self.serve = Serve::Starting;
                vec![Action::StartServe, Arm(Timer::Start, START)]
            }
            Phase::Starting if self.serve == Serve::Ready => self.open(),
            Phase::Open if self.tunnel == Tunnel::Found => self.open_tunnel(),
            Phase::Closing => {
                let goodbye_said = matches!(self.serve, Serve::None | Serve::Drained);
                // With the goodbye said there is nothing left that cloudflared could carry, however
                // long it waits for the edge to hang up.
                let tunnel_done = matches!(self.tunnel, Tunnel::None | Tunnel::Unregistered);
                if goodbye_said && tunnel_done { self.drain() } else { Vec::new() }
            }
            Phase::Draining if self.serve == Serve::None && self.tunnel == Tunnel::None => {
                self.settle()
            }
            Phase::Preparing
            | Phase::Starting
            | Phase::Opening
            | Phase::Open
            | Phase::Draining
            | Phase::Wiping
            | Phase::Over => Vec::new(),
        }
    }

    fn open(&mut self) -> Vec<Action> {
        match &self.tunnel {
            Tunnel::Found => {
                self.phase = Phase::Opening;
                self.open_tunnel()
            }
            Tunnel::None
            | Tunnel::Searching
            | Tunnel::Opening
            | Tunnel::Up
            | Tunnel::Unregistered
            | Tunnel::Lost(_) => {
                self.phase = Phase::Open;
                vec![Action::ShowLink(None)]
            }
        }
    }

    /// The session goes on without one: the kernel still ends our processes with us, only the
    /// runtime folder would stay for the next start.
    fn guard_ended(&mut self, how: String) -> Vec<Action> {
        if self.wiping || self.phase == Phase::Over {
            return Vec::new();
        }
        let replaced = self.guards > 0;
        let mut actions = Vec::new();
        if replaced {
            self.guards -= 1;
            actions.push(Action::StartGuard);
        }
        // Said when it is so: whoever reads it may kill us at once.
        actions.push(Action::ShowGuardLost { how, replaced });
        actions
    }

    fn serve_ended(&mut self, how: String) -> Vec<Action> {
        self.serve = Serve::None;
        if self.phase < Phase::Closing {
            return self.close(Cause::Failed(format!("chattrace-serve {how}: the room is gone")));
        }
        self.go_on()
    }

    fn rang(&mut self, timer: Timer) -> Vec<Action> {
        match (timer, self.phase) {
            (Timer::Clean, Phase::Preparing) if !self.cleaned => vec![Action::KillCleaner],
            (Timer::Start, Phase::Starting) => {
                self.close(Cause::Failed("chattrace-serve did not become ready".to_owned()))
            }
            (Timer::Retry, Phase::Open) if self.tunnel == Tunnel::None => self.start_tunnel(),
            // The lost one still ends; the next try comes after it.
            (Timer::Retry, Phase::Open) if matches!(self.tunnel, Tunnel::Lost(_)) => {
                vec![KillTunnel, Arm(Timer::Retry, RETRY.0)]
            }
            (Timer::Retry, phase) if phase < Phase::Open => vec![Arm(Timer::Retry, RETRY.0)],
            (Timer::Drain, Phase::Closing) => self.drain(),
            (Timer::Kill, Phase::Draining) => vec![KillServe],
            (Timer::Gone, Phase::Draining) => self.settle(),
            (
                Timer::Clean
                | Timer::Start
                | Timer::Retry
                | Timer::Drain
                | Timer::Kill
                | Timer::Gone,
                _,
            ) => Vec::new(),
        }
    }
}
