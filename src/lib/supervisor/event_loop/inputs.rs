//! What services, scripts and the operator say, turned into lines on the board and events of the
//! session.

use std::time::Duration;

use super::EventLoop;
use crate::config::ConfinementPolicy;
use crate::control::{FromServe, FromTunnel, RequestBody, ResponseBody, ToServe, VERSION};
use crate::supervisor::checks;
use crate::supervisor::children::{ChildRole, Input, Service, Violation};
use crate::supervisor::session::{EndReason, EndRequest, SessionEvent, SessionPhase};

impl EventLoop {
    /// Lets the room answer under this public name, and no other.
    pub(super) fn host(&self, url: Option<&str>) {
        let name = url.and_then(|url| url.strip_prefix("https://")).map(str::to_owned);
        if let Some(serve) = &self.serve {
            serve.tell(ToServe::Host { name });
        }
    }

    pub(super) fn hear(&mut self, input: Input) -> Option<SessionEvent> {
        match input {
            Input::Serve(message) => self.hear_serve(message),
            Input::Tunnel(message) => self.hear_tunnel(message),
            Input::Violated(role, violation) => Some(self.violated(role, violation)),
            Input::Ended(ChildRole::Serve, how) => Some(SessionEvent::ServeEnded(how)),
            Input::Ended(ChildRole::Tunnel, how) => Some(SessionEvent::TunnelEnded(how)),
            Input::Ended(ChildRole::Guard, how) => Some(SessionEvent::GuardEnded(how)),
            Input::Cleaned(cleaning) => {
                self.console.cleaned(&cleaning);
                Some(SessionEvent::Cleaned)
            }
            Input::Request((ask, answer)) => {
                let (body, event) = self.answer(&ask);
                // Whoever asked may be gone.
                let _ = answer.send(body);
                event
            }
            Input::Answer(answer) => {
                let settled =
                    self.closing.answered(&mut self.console, &self.inputs, answer.as_deref());
                settled.then_some(SessionEvent::LogSettled)
            }
            Input::Settling(left) => {
                let text = format!("registered; announced in {left} s, when its name has spread");
                self.console.tunnel("settling", &text);
                None
            }
        }
    }

    /// A service that breaks the rules is killed at once, and the session ends: what else it did is
    /// not known.
    fn violated(&mut self, role: ChildRole, violation: Violation) -> SessionEvent {
        let name = role.program();
        let text = match violation {
            Violation::VersionMismatch(what) => format!(
                "{name} {what}, this is {VERSION}; build or install all four programs together"
            ),
            Violation::Hostile(what) => {
                self.kill(role);
                format!("{name} {what}; it may have been taken over, so the session was ended")
            }
        };
        if self.session.phase() >= SessionPhase::Closing {
            self.console.hint(&text);
        }
        SessionEvent::End(EndReason::Failed(text))
    }

    fn kill(&self, role: ChildRole) {
        let service = match role {
            ChildRole::Serve => self.serve.as_ref().map(Service::service),
            ChildRole::Tunnel => self.tunnel.as_ref().map(Service::service),
            ChildRole::Guard => self.guard.as_ref().map(Service::service),
        };
        if let Some(service) = service {
            service.kill_group();
        }
    }

    fn hear_serve(&mut self, message: FromServe) -> Option<SessionEvent> {
        match message {
            FromServe::Ready { protection } => {
                for check in checks::protection(&protection) {
                    self.console.check(&check);
                }
                let confinement = &protection.confinement;
                if self.config.confinement == ConfinementPolicy::Required && !confinement.is_whole()
                {
                    return Some(SessionEvent::End(EndReason::Unconfined(confinement.fact())));
                }
                if let Ok(listen) = self.listener.local_addr() {
                    self.console.ready(listen);
                }
                Some(SessionEvent::ServeReady)
            }
            FromServe::Joined { participant, present } => {
                self.console.joined(&participant, present);
                None
            }
            FromServe::Left { participant, present } => {
                self.console.left(&participant, present);
                None
            }
            FromServe::Drained => Some(SessionEvent::Drained),
            FromServe::Hello { .. } => None,
        }
    }

    fn hear_tunnel(&mut self, message: FromTunnel) -> Option<SessionEvent> {
        match message {
            FromTunnel::Fetching { version, from, size, resumed_at, to } => {
                self.console.fetching(&version, &from, size, &to);
                self.console.fetched(resumed_at);
            }
            FromTunnel::Fetched { bytes } => self.console.fetched(bytes),
            FromTunnel::Found { version, digest, source, .. } => {
                self.console.found(version.as_deref(), &digest, source);
                return Some(SessionEvent::TunnelFound);
            }
            FromTunnel::Starting => self.console.tunnel("starting", "asking for an address"),
            FromTunnel::Url { url } => {
                self.host(Some(&url));
                self.console.tunnel("url", "has an address, waiting for the edge");
            }
            FromTunnel::Registered { url, settle_seconds } => {
                self.host(Some(&url));
                self.settle(settle_seconds);
            }
            FromTunnel::Up { url } => {
                self.host(Some(&url));
                return Some(SessionEvent::TunnelUp(url));
            }
            FromTunnel::Reconnecting => self.console.reconnecting(),
            FromTunnel::Lost { why, retry_after } => {
                self.stop_settling();
                return Some(SessionEvent::TunnelLost(why, retry_after));
            }
            FromTunnel::Unconfined { what } => self.console.unconfined(&what),
            FromTunnel::Unregistered => return Some(SessionEvent::TunnelUnregistered),
            FromTunnel::Hello { .. } | FromTunnel::Closed => {}
        }
        None
    }

    /// Counts the seconds of settling down on the screen.
    fn settle(&mut self, seconds: u64) {
        self.stop_settling();
        if self.session.is_public() {
            return;
        }
        let inputs = self.inputs.clone();
        self.settling = Some(tokio::spawn(async move {
            for left in (1..=seconds).rev() {
                if inputs.send(Input::Settling(left)).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }));
    }

    pub(super) fn stop_settling(&mut self) {
        if let Some(task) = self.settling.take() {
            task.abort();
        }
    }

    fn answer(&self, ask: &RequestBody) -> (ResponseBody, Option<SessionEvent>) {
        match ask {
            RequestBody::Ping => (ResponseBody::Pong { version: VERSION }, None),
            RequestBody::Status => {
                let status = ResponseBody::Status {
                    phase: self.session.phase().name(),
                    present: self.console.present(),
                    public: self.session.announced().map(str::to_owned),
                };
                (status, None)
            }
            RequestBody::Stop => (
                ResponseBody::Stopping,
                Some(SessionEvent::End(EndReason::EndRequest(EndRequest::Remotely))),
            ),
        }
    }
}
