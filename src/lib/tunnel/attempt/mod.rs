//! One attempt at a public address, from the start of cloudflared to its end: what happened goes
//! in, what is to be done comes out. No I/O and no clock: time is an argument.

mod events;
mod phase;

use std::net::SocketAddr;
use std::time::Duration;

use super::failure::Failure;
use super::output::{Meaning, Trouble};
use crate::control::FromTunnel;
use crate::process::ExitReason;
use crate::quick_tunnel::QuickTunnelName;
use crate::terminal::sanitize_line;

pub(super) use events::{Action, Event, Protocol, Readiness};
use phase::{ADDRESS, Phase, RECONNECT, SILENCE};

/// QUIC tries another address of the edge each time: three that fail are a network without UDP.
const DIALS: u32 = 3;
/// Looks at a metrics port that no longer answers, each bounded, before it counts as dead.
const UNANSWERED: u32 = 3;

/// The state of one attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    settle: Duration,
    protocol: Protocol,
    phase: Phase,
    /// When the phase that has a limit began.
    since: Duration,
    metrics: Option<SocketAddr>,
    /// When to look at the metrics port next; void while a question is on its way.
    next_look: Duration,
    looking: bool,
    unanswered: u32,
    dials: u32,
    /// The best reason so far, should it end.
    clue: Option<Trouble>,
}

impl Attempt {
    /// cloudflared is being started over QUIC.
    pub(super) fn begin(now: Duration, settle: Duration) -> (Self, Vec<Action>) {
        let attempt = Self::start(Protocol::Quic, now, settle);
        (attempt, vec![Action::Report(FromTunnel::Starting)])
    }

    fn start(protocol: Protocol, now: Duration, settle: Duration) -> Self {
        Self {
            settle,
            protocol,
            phase: Phase::Silent,
            since: now,
            metrics: None,
            next_look: now,
            looking: false,
            unanswered: 0,
            dials: 0,
            clue: None,
        }
    }

    /// How it is to be started now.
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Takes one event. Nothing more may be told after [`Action::GiveUp`].
    pub(super) fn on(&mut self, now: Duration, event: Event) -> Vec<Action> {
        let mut actions = match event {
            Event::Line(meaning) => self.heard(now, meaning),
            Event::Ended(how) => vec![Action::GiveUp(self.ended(how))],
            Event::Name(name) => self.named(now, name),
            Event::Ready(readiness) => self.ready(now, readiness),
            Event::Tick => Vec::new(),
        };
        if !over(&actions) {
            actions.extend(self.due(now));
        }
        if !over(&actions) {
            actions.extend(self.look(now));
        }
        actions
    }

    /// When a [`Event::Tick`] is wanted, at the latest.
    pub(super) fn wake(&self) -> Duration {
        let limit = self.phase.limit(self.since).unwrap_or(Duration::MAX);
        let look =
            if self.looking || self.question().is_none() { Duration::MAX } else { self.next_look };
        limit.min(look)
    }

    fn heard(&mut self, now: Duration, meaning: Meaning) -> Vec<Action> {
        if self.phase == Phase::Silent {
            self.phase = Phase::Asking;
        }
        match meaning {
            Meaning::Noise => {}
            Meaning::Address(host) => return self.addressed(now, host),
            Meaning::WrongAddress(text) => return vec![Action::GiveUp(self.wrong(text))],
            Meaning::Metrics(address) => {
                self.metrics = Some(address);
                self.next_look = now;
            }
            Meaning::Registered => {
                self.clue = None;
                self.dials = 0;
                self.next_look = now;
            }
            Meaning::Unsettled | Meaning::Unregistered => self.next_look = now,
            Meaning::Unconfined(what) => {
                return vec![Action::Report(FromTunnel::Unconfined { what: sanitize_line(&what) })];
            }
            Meaning::Trouble(trouble) => return self.troubled(now, trouble),
        }
        Vec::new()
    }

    fn addressed(&mut self, now: Duration, host: QuickTunnelName) -> Vec<Action> {
        match self.phase.host() {
            None => {
                let url = host.url();
                self.phase = Phase::Named(host);
                self.since = now;
                vec![Action::Report(FromTunnel::Url { url })]
            }
            Some(printed) if *printed == host => Vec::new(),
            Some(printed) => vec![Action::GiveUp(Failure::Disagrees {
                printed: printed.clone(),
                answered: host.to_string(),
            })],
        }
    }

    fn wrong(&self, text: String) -> Failure {
        match self.phase.host() {
            None => Failure::WrongAddress(text),
            Some(printed) => Failure::Disagrees { printed: printed.clone(), answered: text },
        }
    }

    fn troubled(&mut self, now: Duration, trouble: Trouble) -> Vec<Action> {
        let failed_dial = matches!(trouble, Trouble::Dial | Trouble::Refused(_));
        // The status, where there is one, says more than the parser's complaint after it.
        let worse =
            trouble == Trouble::Unreadable && matches!(self.clue, Some(Trouble::Answered(_)));
        if !worse {
            self.clue = Some(trouble);
        }
        self.dials += u32::from(failed_dial);
        let waiting = matches!(self.phase, Phase::Named(_) | Phase::Confirmed(_));
        if waiting && self.protocol == Protocol::Quic && self.dials >= DIALS {
            return self.fall_back(now);
        }
        Vec::new()
    }

    fn named(&mut self, now: Duration, name: Option<String>) -> Vec<Action> {
        self.looking = false;
        let Phase::Named(host) = &self.phase else {
            return Vec::new();
        };
        match name {
            Some(name) if name == host.to_string() => {
                self.phase = Phase::Confirmed(host.clone());
                self.next_look = now;
                Vec::new()
            }
            Some(name) => vec![Action::GiveUp(Failure::Disagrees {
                printed: host.clone(),
                answered: name.chars().take(100).collect(),
            })],
            None => Vec::new(),
        }
    }

    fn ready(&mut self, now: Duration, readiness: Readiness) -> Vec<Action> {
        self.looking = false;
        self.unanswered = match readiness {
            Readiness::Unanswered => self.unanswered + 1,
            Readiness::Yes | Readiness::No => 0,
        };
        match (self.phase.clone(), readiness) {
            (Phase::Confirmed(host), Readiness::Yes) => {
                let url = host.url();
                self.phase = Phase::Settling(host, now + self.settle);
                let settle_seconds = self.settle.as_secs();
                vec![Action::Report(FromTunnel::Registered { url, settle_seconds })]
            }
            (Phase::Settling(host, _), Readiness::No) => {
                self.phase = Phase::Confirmed(host);
                self.since = now;
                vec![Action::Report(FromTunnel::Reconnecting)]
            }
            (Phase::Up(host), Readiness::No) => {
                self.phase = Phase::Reconnecting(host, now);
                vec![Action::Report(FromTunnel::Reconnecting)]
            }
            (Phase::Reconnecting(host, _), Readiness::Yes) => {
                let url = host.url();
                self.phase = Phase::Up(host);
                vec![Action::Report(FromTunnel::Up { url })]
            }
            (
                Phase::Settling(..) | Phase::Up(_) | Phase::Reconnecting(..),
                Readiness::Unanswered,
            ) if self.unanswered >= UNANSWERED => {
                let address = self.metrics.expect("an answer was missed, so there was a question");
                vec![Action::GiveUp(Failure::MetricsGone(address))]
            }
            _ => Vec::new(),
        }
    }

    /// What the clock alone brings.
    fn due(&mut self, now: Duration) -> Vec<Action> {
        if self.phase.limit(self.since).is_none_or(|limit| now < limit) {
            return Vec::new();
        }
        match self.phase.clone() {
            Phase::Silent => vec![Action::GiveUp(Failure::Silent(SILENCE.as_secs()))],
            Phase::Asking => vec![Action::GiveUp(Failure::NoAddress(ADDRESS.as_secs()))],
            Phase::Named(_) | Phase::Confirmed(_) if self.protocol == Protocol::Quic => {
                self.fall_back(now)
            }
            Phase::Named(host) => {
                // Without a metrics port it is stuck in DNS or before; with one, it should speak.
                let failure = match (self.clue.take(), self.metrics) {
                    (Some(trouble), _) => Failure::of(trouble),
                    (None, Some(_)) => Failure::Unconfirmed(host),
                    (None, None) => Failure::EdgeName,
                };
                vec![Action::GiveUp(failure)]
            }
            Phase::Confirmed(_) => {
                vec![Action::GiveUp(self.clue.take().map_or(Failure::EdgeUnreachable, Failure::of))]
            }
            Phase::Settling(host, _) => {
                let url = host.url();
                self.phase = Phase::Up(host);
                vec![Action::Report(FromTunnel::Up { url })]
            }
            Phase::Up(_) => Vec::new(),
            Phase::Reconnecting(..) => {
                vec![Action::GiveUp(Failure::EdgeLost(RECONNECT.as_secs()))]
            }
        }
    }

    fn fall_back(&mut self, now: Duration) -> Vec<Action> {
        *self = Self::start(Protocol::Http2, now, self.settle);
        vec![Action::FallBack, Action::Report(FromTunnel::Starting)]
    }

    fn look(&mut self, now: Duration) -> Option<Action> {
        if self.looking || now < self.next_look {
            return None;
        }
        let question = self.question()?;
        self.looking = true;
        self.next_look = now + self.phase.pace();
        Some(question)
    }

    /// What the metrics port is asked in this phase.
    fn question(&self) -> Option<Action> {
        let address = self.metrics?;
        match self.phase {
            Phase::Silent | Phase::Asking => None,
            Phase::Named(_) => Some(Action::AskName(address)),
            Phase::Confirmed(_) | Phase::Settling(..) | Phase::Up(_) | Phase::Reconnecting(..) => {
                Some(Action::AskReady(address))
            }
        }
    }

    fn ended(&mut self, how: ExitReason) -> Failure {
        match (&self.phase, self.clue.take()) {
            (Phase::Settling(..) | Phase::Up(_) | Phase::Reconnecting(..), _) => {
                Failure::Died { how }
            }
            (_, Some(trouble)) => Failure::of(trouble),
            // What the kernel cannot run, execvp(3) hands to a shell, which ends like this.
            (_, None) if matches!(how, ExitReason::Code(126 | 127)) => {
                Failure::NotRun("it is no program".to_owned())
            }
            (_, None) => Failure::EndedEarly { how },
        }
    }
}

fn over(actions: &[Action]) -> bool {
    let given_up = |action: &Action| matches!(action, Action::GiveUp(_));
    actions.iter().any(given_up)
}

#[cfg(test)]
mod tests;
