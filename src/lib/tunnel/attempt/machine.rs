//! The state machine of one attempt, from the start of cloudflared to its exit.

use std::time::Duration;

use super::error::TunnelError;
use super::events::AttemptAction::{self, Fail, Report};
use super::events::{AttemptEvent, EdgeProtocol, ProgramFormat, Readiness};
use super::failures::Failures;
use super::output::{CloudflaredError, OutputLine};
use super::phase::AttemptPhase::{
    self, Confirmed, Printed, Reconnecting, Registered, Requesting, Settling, Started,
};
use super::phase::{ADDRESS_TIMEOUT, FIRST_LINE_TIMEOUT, RECONNECT_TIMEOUT, REGISTRATION_TIMEOUT};
use super::probes::Probes;
use crate::control::FromTunnel;
use crate::process::ExitReason;
use crate::quick_tunnel::QuickTunnelName;
use crate::terminal::sanitize_line;

/// Failed connections, each to another address, that mean a network without UDP.
const MAX_FAILED_CONNECTIONS: u32 = 3;
/// Bound for the name from the metrics port in an error; a DNS label has at most 63 characters.
const MAX_NAME_CHARS: usize = 100;

/// The state of one attempt. It is told the time, as the duration since its start.
#[derive(Debug)]
pub(in crate::tunnel) struct Attempt {
    settle: Duration,
    format: ProgramFormat,
    protocol: EdgeProtocol,
    phase: AttemptPhase,
    /// Start of cloudflared; from the printed name on, start of the wait for the registration.
    since: Duration,
    probes: Probes,
    failures: Failures,
}

impl Attempt {
    /// Begins an attempt, for which the caller starts cloudflared with [`EdgeProtocol::Quic`].
    /// `settle` is the time between the registration and the announcement of the link.
    pub(in crate::tunnel) fn start(
        now: Duration,
        settle: Duration,
        format: ProgramFormat,
    ) -> (Self, Vec<AttemptAction>) {
        let attempt = Self {
            settle,
            format,
            protocol: EdgeProtocol::Quic,
            phase: Started,
            since: now,
            probes: Probes::new(now),
            failures: Failures::default(),
        };
        (attempt, vec![Report(FromTunnel::Starting { why: None })])
    }

    /// The transport for the next start of cloudflared.
    pub(in crate::tunnel) fn protocol(&self) -> EdgeProtocol {
        self.protocol
    }

    /// Handles one event. Not to be called again after [`AttemptAction::Fail`].
    pub(in crate::tunnel) fn handle(
        &mut self,
        now: Duration,
        event: AttemptEvent,
    ) -> Vec<AttemptAction> {
        let mut actions = match event {
            AttemptEvent::Line(line) => self.handle_line(now, line),
            AttemptEvent::Exited(reason) => vec![Fail(self.exit_error(reason))],
            AttemptEvent::Name(name) => self.handle_name(now, name),
            AttemptEvent::Readiness(readiness) => self.handle_readiness(now, readiness),
            AttemptEvent::Tick => Vec::new(),
        };
        if !has_failed(&actions) {
            actions.extend(self.handle_deadline(now));
        }
        if !has_failed(&actions) {
            actions.extend(self.next_query(now));
        }
        actions
    }

    /// When the next [`AttemptEvent::Tick`] is due; [`Duration::MAX`] while only a query is pending.
    pub(in crate::tunnel) fn next_wakeup(&self) -> Duration {
        let deadline = self.phase.deadline(self.since).unwrap_or(Duration::MAX);
        let query = self.phase.name().and_then(|_| self.probes.due());
        deadline.min(query.unwrap_or(Duration::MAX))
    }

    fn handle_line(&mut self, now: Duration, line: OutputLine) -> Vec<AttemptAction> {
        if self.phase == Started {
            self.phase = Requesting;
        }
        match line {
            OutputLine::Noise => {}
            OutputLine::Address(name) => return self.handle_address(now, name),
            OutputLine::WrongAddress(text) => {
                return vec![Fail(self.wrong_address(text))];
            }
            OutputLine::MetricsAddress(address) => self.probes.set_address(address, now),
            OutputLine::ConnectionRegistered => {
                self.failures.clear();
                self.probes.make_due(now);
            }
            OutputLine::ConnectionLost | OutputLine::ConnectionUnregistered => {
                self.probes.make_due(now);
            }
            OutputLine::Unconfined(what) => {
                let what = sanitize_line(&what);
                return vec![Report(FromTunnel::Unconfined { what })];
            }
            OutputLine::Error(error) => return self.handle_error(now, error),
        }
        Vec::new()
    }

    fn handle_address(&mut self, now: Duration, name: QuickTunnelName) -> Vec<AttemptAction> {
        match self.phase.name() {
            None => {
                let url = name.url();
                self.phase = Printed(name);
                self.since = now;
                vec![Report(FromTunnel::Url { url })]
            }
            Some(printed) if *printed == name => Vec::new(),
            Some(printed) => vec![Fail(TunnelError::AddressMismatch {
                printed: printed.clone(),
                other: name.to_string(),
            })],
        }
    }

    fn wrong_address(&self, text: String) -> TunnelError {
        match self.phase.name() {
            // cloudflared repeats the name that the API gives, even an empty one (measured).
            None if text == "https://" => TunnelError::ApiNoAddress,
            None => TunnelError::WrongAddress(text),
            Some(printed) => TunnelError::AddressMismatch { printed: printed.clone(), other: text },
        }
    }

    fn handle_error(&mut self, now: Duration, error: CloudflaredError) -> Vec<AttemptAction> {
        if error == CloudflaredError::EdgeDisconnected {
            self.probes.make_due(now);
        }
        let is_first_silence =
            error == CloudflaredError::DialFailed && self.failures.failed_connections() == 0;
        self.failures.note(error);
        let is_waiting = matches!(self.phase, Printed(_) | Confirmed(_));
        if !is_waiting || self.protocol != EdgeProtocol::Quic {
            return Vec::new();
        }
        if self.failures.failed_connections() >= MAX_FAILED_CONNECTIONS {
            return self.fall_back(now);
        }
        let why = format!(
            "no answer by UDP on port 7844 so far; TCP is tried within {} s",
            REGISTRATION_TIMEOUT.as_secs()
        );
        is_first_silence.then_some(Report(FromTunnel::Delayed { why })).into_iter().collect()
    }

    fn handle_name(&mut self, now: Duration, answer: Option<String>) -> Vec<AttemptAction> {
        self.probes.finish(answer.is_some());
        let Printed(printed) = &self.phase else {
            return Vec::new();
        };
        match answer {
            Some(name) if name == printed.to_string() => {
                self.phase = Confirmed(printed.clone());
                self.probes.make_due(now);
                Vec::new()
            }
            Some(name) => vec![Fail(TunnelError::AddressMismatch {
                printed: printed.clone(),
                other: name.chars().take(MAX_NAME_CHARS).collect(),
            })],
            None => Vec::new(),
        }
    }

    fn handle_readiness(&mut self, now: Duration, readiness: Readiness) -> Vec<AttemptAction> {
        self.probes.finish(readiness != Readiness::NoAnswer);
        match (self.phase.clone(), readiness) {
            (Confirmed(name), Readiness::Ready) => {
                let (url, settle_seconds) = (name.url(), self.settle.as_secs());
                self.phase = Settling { name, until: now + self.settle };
                vec![Report(FromTunnel::Settling { url, settle_seconds })]
            }
            (Settling { name, .. }, Readiness::NotReady) => {
                self.phase = Confirmed(name);
                self.since = now;
                vec![Report(FromTunnel::Reconnecting)]
            }
            (Registered(name), Readiness::NotReady) => {
                self.phase = Reconnecting { name, since: now };
                vec![Report(FromTunnel::Reconnecting)]
            }
            (Reconnecting { name, .. }, Readiness::Ready) => self.register(name),
            (Settling { .. } | Registered(_) | Reconnecting { .. }, Readiness::NoAnswer) => {
                let lost = self.probes.unresponsive().map(TunnelError::MetricsLost);
                lost.map(Fail).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn handle_deadline(&mut self, now: Duration) -> Vec<AttemptAction> {
        if self.phase.deadline(self.since).is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        let error = match self.phase.clone() {
            Started => TunnelError::NoOutput(FIRST_LINE_TIMEOUT.as_secs()),
            Requesting => TunnelError::NoAddress(ADDRESS_TIMEOUT.as_secs()),
            Printed(_) | Confirmed(_) if self.protocol == EdgeProtocol::Quic => {
                return self.fall_back(now);
            }
            Printed(name) => match (self.failures.of_exit(), self.probes.address()) {
                (Some(error), _) => error.into(),
                (None, Some(_)) => TunnelError::AddressUnconfirmed(name),
                // Without a metrics port, cloudflared is still at its look-ups in DNS.
                (None, None) => TunnelError::EdgeUnresolved,
            },
            Confirmed(_) => {
                let seconds = REGISTRATION_TIMEOUT.as_secs();
                self.failures.of_silence().unwrap_or(TunnelError::NotRegistered(seconds))
            }
            Settling { name, .. } => return self.register(name),
            Registered(_) => return Vec::new(),
            Reconnecting { .. } => TunnelError::EdgeLost(RECONNECT_TIMEOUT.as_secs()),
        };
        vec![Fail(error)]
    }

    fn register(&mut self, name: QuickTunnelName) -> Vec<AttemptAction> {
        let url = name.url();
        self.phase = Registered(name);
        vec![Report(FromTunnel::Registered { url })]
    }

    /// Starts again over TCP. The supervisor and the user are told why, because it takes longer.
    fn fall_back(&mut self, now: Duration) -> Vec<AttemptAction> {
        let why = if self.failures.edge_has_answered() {
            "the tunnel was not registered over UDP"
        } else {
            "no answer by UDP on port 7844"
        };
        let why = format!("{why}; trying TCP, with a new address and a few seconds more");
        self.protocol = EdgeProtocol::Http2;
        self.phase = Started;
        self.since = now;
        self.probes = Probes::new(now);
        self.failures = self.failures.after_quic();
        vec![AttemptAction::RestartOverHttp2, Report(FromTunnel::Starting { why: Some(why) })]
    }

    fn next_query(&mut self, now: Duration) -> Option<AttemptAction> {
        let query = match self.phase {
            Started | Requesting => return None,
            Printed(_) => AttemptAction::QueryName,
            Confirmed(_) | Settling { .. } | Registered(_) | Reconnecting { .. } => {
                AttemptAction::QueryReadiness
            }
        };
        self.probes.start(now, self.phase.probe_interval()).map(query)
    }

    fn exit_error(&mut self, reason: ExitReason) -> TunnelError {
        if matches!(self.phase, Settling { .. } | Registered(_) | Reconnecting { .. }) {
            return TunnelError::Exited(reason);
        }
        match (self.failures.of_exit(), self.format) {
            (Some(error), _) => error.into(),
            // By hand, a script runs unconfined, and may well work.
            (None, ProgramFormat::Script) => TunnelError::ScriptFailed(reason),
            (None, ProgramFormat::Binary) => TunnelError::ExitedEarly(reason),
        }
    }
}

fn has_failed(actions: &[AttemptAction]) -> bool {
    actions.iter().any(|action| matches!(action, Fail(_)))
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
