//! What services, scripts and the operator say, turned into lines on the board and events of the
//! session.

use std::time::Duration;

use super::super::checks;
use super::super::services::{Input, Role, Running, Violation};
use super::super::session::{Asked, Cause, Event, Phase};
use super::Drive;
use crate::config::ConfinementPolicy;
use crate::control::{FromServe, FromTunnel, RequestBody, ResponseBody, ToServe, VERSION};

impl Drive {
    /// Lets the room answer under this public name, and no other.
    pub(super) fn host(&self, url: Option<&str>) {
        let name = url.and_then(|url| url.strip_prefix("https://")).map(str::to_owned);
        if let Some(serve) = &self.serve {
            serve.tell(ToServe::Host { name });
        }
    }

    pub(super) fn hear(&mut self, input: Input) -> Option<Event> {
        match input {
            Input::Serve(message) => self.hear_serve(message),
            Input::Tunnel(message) => self.hear_tunnel(message),
            Input::Violated(role, violation) => Some(self.violated(role, violation)),
            Input::Ended(Role::Serve, how) => Some(Event::ServeEnded(how)),
            Input::Ended(Role::Tunnel, how) => Some(Event::TunnelEnded(how)),
            Input::Ended(Role::Guard, how) => Some(Event::GuardEnded(how)),
            Input::Cleaned(cleaning) => {
                self.board.cleaned(&cleaning);
                Some(Event::Cleaned)
            }
            Input::Request((ask, answer)) => {
                let (body, event) = self.answer(&ask);
                // Whoever asked may be gone.
                let _ = answer.send(body);
                event
            }
            Input::Answer(answer) => {
                let settled =
                    self.closing.answered(&mut self.board, &self.inputs, answer.as_deref());
                settled.then_some(Event::LogSettled)
            }
            Input::Settling(left) => {
                let text = format!("registered; announced in {left} s, when its name has spread");
                self.board.tunnel("settling", &text);
                None
            }
        }
    }

    /// A service that breaks the rules is killed at once, and the session ends: what else it did is
    /// not known.
    fn violated(&mut self, role: Role, violation: Violation) -> Event {
        let name = role.program();
        let text = match violation {
            Violation::Stranger(what) => format!(
                "{name} {what}, this is {VERSION}; build or install all four programs together"
            ),
            Violation::Hostile(what) => {
                self.kill(role);
                format!("{name} {what}; it may have been taken over, so the session was ended")
            }
        };
        if self.session.phase() >= Phase::Closing {
            self.board.hint(&text);
        }
        Event::End(Cause::Failed(text))
    }

    fn kill(&self, role: Role) {
        let service = match role {
            Role::Serve => self.serve.as_ref().map(Running::service),
            Role::Tunnel => self.tunnel.as_ref().map(Running::service),
            Role::Guard => self.guard.as_ref().map(Running::service),
        };
        if let Some(service) = service {
            service.kill_group();
        }
    }

    fn hear_serve(&mut self, message: FromServe) -> Option<Event> {
        match message {
            FromServe::Ready { protection } => {
                for check in checks::protection(&protection) {
                    self.board.check(&check);
                }
                let confinement = &protection.confinement;
                if self.config.confinement == ConfinementPolicy::Required
                    && !confinement.is_complete()
                {
                    return Some(Event::End(Cause::Unconfined(confinement.summary())));
                }
                if let Ok(listen) = self.listener.local_addr() {
                    self.board.ready(listen);
                }
                Some(Event::ServeReady)
            }
            FromServe::Joined { participant, present } => {
                self.board.joined(&participant, present);
                None
            }
            FromServe::Left { participant, present } => {
                self.board.left(&participant, present);
                None
            }
            FromServe::Drained => Some(Event::Drained),
            FromServe::Hello { .. } => None,
        }
    }

    fn hear_tunnel(&mut self, message: FromTunnel) -> Option<Event> {
        match message {
            FromTunnel::Fetching { version, from, size, resumed_at, to } => {
                self.board.fetching(&version, &from, size, &to);
                self.board.fetched(resumed_at);
            }
            FromTunnel::Fetched { bytes } => self.board.fetched(bytes),
            FromTunnel::Found { version, digest, source, .. } => {
                self.board.found(version.as_deref(), &digest, source);
                return Some(Event::TunnelFound);
            }
            FromTunnel::Starting => self.board.tunnel("starting", "asking for an address"),
            FromTunnel::Url { url } => {
                self.host(Some(&url));
                self.board.tunnel("url", "has an address, waiting for the edge");
            }
            FromTunnel::Registered { url, settle_seconds } => {
                self.host(Some(&url));
                self.settle(settle_seconds);
            }
            FromTunnel::Up { url } => {
                self.host(Some(&url));
                return Some(Event::TunnelUp(url));
            }
            FromTunnel::Reconnecting => self.board.reconnecting(),
            FromTunnel::Lost { why, retry_after } => {
                self.stop_settling();
                return Some(Event::TunnelLost(why, retry_after));
            }
            FromTunnel::Unconfined { what } => self.board.unconfined(&what),
            FromTunnel::Unregistered => return Some(Event::TunnelUnregistered),
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

    fn answer(&self, ask: &RequestBody) -> (ResponseBody, Option<Event>) {
        match ask {
            RequestBody::Ping => (ResponseBody::Pong { version: VERSION }, None),
            RequestBody::Status => {
                let status = ResponseBody::Status {
                    phase: self.session.phase().name(),
                    present: self.board.present(),
                    public: self.session.announced().map(str::to_owned),
                };
                (status, None)
            }
            RequestBody::Stop => {
                (ResponseBody::Stopping, Some(Event::End(Cause::Asked(Asked::Remotely))))
            }
        }
    }
}
