//! One attempt at a public address, from the start of cloudflared to its end: what happened goes
//! in, what is to be done comes out. No I/O and no clock: time is an argument.

use std::net::SocketAddr;
use std::time::Duration;

use super::failure::Failure;
use super::output::{Host, Meaning, Trouble};
use crate::control::FromTunnel;

/// It greets within 0.2 s (measured); fifty times that is a dead program.
const SILENCE: Duration = Duration::from_secs(10);
/// It gives the API up after 15 s by itself, and a dead DNS may take as long before that.
const ADDRESS: Duration = Duration::from_secs(35);
/// Registration takes 1.5 s, and 12 s with a DNS that needs 1.5 s for each answer; a DNS that is
/// dead ends it after 16 s with a reason of its own, which is worth waiting for.
const REGISTRATION: Duration = Duration::from_secs(20);
/// QUIC tries another address of the edge each time: three that fail are a network without UDP.
const DIALS: u32 = 3;
/// A tunnel that the edge forgot is retried for ever; after a real drop it took 1 to 6 s.
const RECONNECT: Duration = Duration::from_secs(60);
/// Looks at a metrics port that no longer answers, each bounded, before it counts as dead.
const UNANSWERED: u32 = 3;

/// How cloudflared talks to the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// UDP: comes back within a second after a drop.
    Quic,
    /// TCP: where UDP is blocked; comes back slowly.
    Http2,
}

/// What happened.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// It printed a line.
    Line(Meaning),
    /// It is gone; every line was told before.
    Ended(How),
    /// `/quicktunnel` answered this name, or did not answer.
    Name(Option<String>),
    /// `/ready` answered.
    Ready(Readiness),
    /// A moment that [`Attempt::wake`] named has come.
    Tick,
}

/// How a process came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            How::Code(code) => write!(f, "ended with code {code}"),
            How::Signal(signal) => write!(f, "was ended by signal {signal}"),
        }
    }
}

/// What `/ready` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// 200: the edge knows the tunnel.
    Yes,
    /// 503.
    No,
    /// No answer, or none that is understood.
    Unanswered,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Tell whoever asked for the tunnel.
    Report(FromTunnel),
    /// Ask the metrics port for the name.
    AskName(SocketAddr),
    /// Ask the metrics port whether the edge knows the tunnel.
    AskReady(SocketAddr),
    /// Kill cloudflared and start it again over HTTP/2; questions on their way are void.
    FallBack,
    /// Kill what is left of cloudflared: it is over.
    GiveUp(Failure),
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Started; not a word yet.
    Silent,
    /// It talks, and asks for an address.
    Asking,
    /// It has printed a name that nobody has confirmed.
    Named(Host),
    /// Box and metrics port agree; the edge does not know the tunnel yet.
    Confirmed(Host),
    /// The edge knows it; the name is given time to appear in DNS.
    Settling(Host, Duration),
    /// Announced.
    Up(Host),
    /// Announced, and lost by the edge since then.
    Reconnecting(Host, Duration),
}

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
        let limit = self.limit().unwrap_or(Duration::MAX);
        let look = if self.looking || self.question().is_none() {
            Duration::MAX
        } else {
            self.next_look
        };
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
            Meaning::Unsettled => self.next_look = now,
            Meaning::Trouble(trouble) => return self.troubled(now, trouble),
        }
        Vec::new()
    }

    fn addressed(&mut self, now: Duration, host: Host) -> Vec<Action> {
        match self.host() {
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
        match self.host() {
            None => Failure::WrongAddress(text),
            Some(printed) => Failure::Disagrees {
                printed: printed.clone(),
                answered: text,
            },
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
                vec![Action::Report(FromTunnel::Registered {
                    url,
                    settle_seconds,
                })]
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
                let address = self
                    .metrics
                    .expect("an answer was missed, so there was a question");
                vec![Action::GiveUp(Failure::MetricsGone(address))]
            }
            _ => Vec::new(),
        }
    }

    /// What the clock alone brings.
    fn due(&mut self, now: Duration) -> Vec<Action> {
        if self.limit().is_none_or(|limit| now < limit) {
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
            Phase::Confirmed(_) => vec![Action::GiveUp(
                self.clue
                    .take()
                    .map_or(Failure::EdgeUnreachable, Failure::of),
            )],
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
        self.next_look = now + self.pace();
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

    /// How often to look: half a second while somebody waits for the link; a drop is told by a line
    /// as well, so three seconds are enough for the silent ones.
    fn pace(&self) -> Duration {
        match self.phase {
            Phase::Silent | Phase::Asking | Phase::Named(_) | Phase::Confirmed(_) => {
                Duration::from_millis(500)
            }
            Phase::Settling(..) | Phase::Reconnecting(..) => Duration::from_secs(1),
            Phase::Up(_) => Duration::from_secs(3),
        }
    }

    /// When this phase is over, if it ends by itself.
    fn limit(&self) -> Option<Duration> {
        match self.phase {
            Phase::Silent => Some(self.since + SILENCE),
            Phase::Asking => Some(self.since + ADDRESS),
            Phase::Named(_) | Phase::Confirmed(_) => Some(self.since + REGISTRATION),
            Phase::Settling(_, until) => Some(until),
            Phase::Up(_) => None,
            Phase::Reconnecting(_, since) => Some(since + RECONNECT),
        }
    }

    fn host(&self) -> Option<&Host> {
        match &self.phase {
            Phase::Silent | Phase::Asking => None,
            Phase::Named(host)
            | Phase::Confirmed(host)
            | Phase::Settling(host, _)
            | Phase::Up(host)
            | Phase::Reconnecting(host, _) => Some(host),
        }
    }

    fn ended(&mut self, how: How) -> Failure {
        match (&self.phase, self.clue.take()) {
            (Phase::Settling(..) | Phase::Up(_) | Phase::Reconnecting(..), _) => {
                Failure::Died { how }
            }
            (_, Some(trouble)) => Failure::of(trouble),
            // What the kernel cannot run, execvp(3) hands to a shell, which ends like this.
            (_, None) if matches!(how, How::Code(126 | 127)) => {
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
#[path = "attempt_tests.rs"]
mod tests;
