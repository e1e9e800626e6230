//! Turns the events of the children into lines of the console and events of the session.

use tokio::time::Instant;

use super::state::EventLoop;
use crate::config::ConfinementPolicy;
use crate::control::{FromServe, FromTunnel, ToServe, VERSION};
use crate::supervisor::checks;
use crate::supervisor::children::{ChildEvent, ChildRole, Violation};
use crate::supervisor::console::TunnelStep;
use crate::supervisor::session::{EndReason, SessionEvent};

impl EventLoop {
    /// Shows what a child reported, and returns the event that the session takes from it, if any.
    pub(super) fn handle_child_event(&mut self, event: ChildEvent) -> Option<SessionEvent> {
        match event {
            ChildEvent::Serve(message) => self.handle_serve(message),
            ChildEvent::Tunnel(message) => self.handle_tunnel(message),
            ChildEvent::Violated(role, violation) => Some(self.handle_violation(role, violation)),
            ChildEvent::Exited(ChildRole::Serve, how) => Some(SessionEvent::ServeExited(how)),
            ChildEvent::Exited(ChildRole::Tunnel, how) => Some(SessionEvent::TunnelExited(how)),
            ChildEvent::Exited(ChildRole::Guard, how) => Some(SessionEvent::GuardExited(how)),
            // Its exit is reported with what it did.
            ChildEvent::Exited(ChildRole::Cleaner, _) => None,
            ChildEvent::Cleaned(cleanup) => {
                self.console.show_cleanup(&cleanup);
                Some(SessionEvent::Cleaned)
            }
        }
    }

    /// Ends the session: the service may have done more than this. A hostile one is killed first.
    pub(super) fn handle_violation(
        &mut self,
        role: ChildRole,
        violation: Violation,
    ) -> SessionEvent {
        let name = role.program();
        let text = match violation {
            Violation::VersionMismatch(what) => format!(
                "{name} {what}, but chattrace is version {VERSION}; build or install all four programs \
                 together"
            ),
            Violation::Hostile(what) => {
                self.children.kill(role);
                format!("{name} {what}; it may have been taken over, so the session was ended")
            }
        };
        // The session has another reason to end already, and shows only that one.
        if self.session.phase().is_ending() {
            self.console.warn(&text);
        }
        SessionEvent::End(EndReason::Failed(text))
    }

    fn handle_serve(&mut self, message: FromServe) -> Option<SessionEvent> {
        match message {
            FromServe::Ready { protection } => {
                for check in checks::protection(&protection) {
                    self.console.show_check(&check);
                }
                self.console.show_protected();
                let confinement = &protection.confinement;
                let required = self.config.confinement == ConfinementPolicy::Required;
                if required && !confinement.is_complete() {
                    let reason = EndReason::Unconfined(confinement.summary());
                    return Some(SessionEvent::End(reason));
                }
                if let Ok(address) = self.listener.local_addr() {
                    self.console.show_listening(address);
                }
                Some(SessionEvent::ServeReady)
            }
            FromServe::Joined { participant, present } => {
                self.show_joined(&participant, present);
                None
            }
            FromServe::Left { participant, present } => {
                self.show_left(&participant, present);
                None
            }
            FromServe::Drained => Some(SessionEvent::RoomClosed),
            FromServe::Operator(report) => self.handle_report(report),
            FromServe::Sealed(message) => self.handle_relay(message, Instant::now().into_std()),
            FromServe::Hello { .. } => None,
        }
    }

    fn handle_tunnel(&mut self, message: FromTunnel) -> Option<SessionEvent> {
        match message {
            FromTunnel::Fetching { version, from, size, resumed_at, to } => {
                self.console.show_fetching(&version, &from, size, &to);
                self.console.show_fetched(resumed_at);
            }
            FromTunnel::Fetched { bytes } => self.console.show_fetched(bytes),
            FromTunnel::Found { version, digest, source, .. } => {
                self.console.show_found(version.as_deref(), &digest, source);
                return Some(SessionEvent::CloudflaredFound);
            }
            FromTunnel::Starting { why } => {
                if let Some(why) = &why {
                    self.console.show_tunnel_delay(why);
                }
                self.console.show_tunnel_step(TunnelStep::Starting, why.as_deref());
            }
            FromTunnel::Delayed { why } => {
                self.console.show_tunnel_step(TunnelStep::Registering, Some(&why));
                self.console.show_tunnel_delay(&why);
            }
            FromTunnel::Url { url } => {
                self.set_public_host(Some(&url));
                self.console.show_tunnel_step(TunnelStep::Registering, None);
            }
            FromTunnel::Settling { url, settle_seconds } => {
                self.set_public_host(Some(&url));
                // The link of an address that was reconnected is on the screen already.
                let seconds =
                    if self.session.public_address().is_none() { settle_seconds } else { 0 };
                self.timers.start_countdown(seconds, Instant::now());
            }
            FromTunnel::Registered { url } => {
                self.set_public_host(Some(&url));
                return Some(SessionEvent::TunnelUp(url));
            }
            FromTunnel::Reconnecting => self.console.show_reconnecting(),
            FromTunnel::Lost { why, retry_after } => {
                self.timers.stop_countdown();
                return Some(SessionEvent::TunnelLost { why, retry_after });
            }
            FromTunnel::Unconfined { what } => self.console.show_unconfined(&what),
            FromTunnel::Unregistered => return Some(SessionEvent::TunnelUnregistered),
            FromTunnel::Hello { .. } | FromTunnel::Closed => {}
        }
        None
    }

    /// Lets the room answer requests for the host of this public address, and for no other.
    pub(super) fn set_public_host(&self, url: Option<&str>) {
        let name = url.and_then(|url| url.strip_prefix("https://")).map(str::to_owned);
        self.children.order_serve(ToServe::Host { name });
    }
}
