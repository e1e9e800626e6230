//! Performs the actions that the session asks for.

use tokio::time::Instant;

use super::state::EventLoop;
use crate::control::{RoomOrder, ToServe, ToTunnel};
use crate::process::Reachable;
use crate::supervisor::children::{ChildRole, Cleanup};
use crate::supervisor::console::RoomLinks;
use crate::supervisor::session::{SessionAction, SessionEvent};
use crate::token::Secret;

impl EventLoop {
    /// Performs one action. Returns the event that follows at once: a failed spawn is an exit.
    pub(super) fn perform(&mut self, action: SessionAction) -> Option<SessionEvent> {
        match action {
            SessionAction::SpawnGuard => return self.spawn_guard(),
            SessionAction::SpawnCleaner => return self.spawn_cleaner(),
            SessionAction::SpawnServe => return self.spawn_serve(),
            SessionAction::SpawnTunnel => return self.spawn_tunnel(),
            SessionAction::OpenTunnel => {
                let origin = self.listener.local_addr().ok()?;
                self.children.order_tunnel(ToTunnel::Open { origin });
            }
            SessionAction::AnnounceMove(url) => return self.announce_move(url),
            // Resumed first: a child that was stopped by a signal could not act on the order.
            SessionAction::CloseRoom => {
                self.children.resume(ChildRole::Serve);
                let event = self.close_host();
                self.children.order_serve(ToServe::Drain);
                return event;
            }
            SessionAction::CloseTunnel => {
                self.children.resume(ChildRole::Tunnel);
                self.children.order_tunnel(ToTunnel::Close);
            }
            SessionAction::ReleaseServe => {
                self.children.release_serve();
                self.children.resume(ChildRole::Serve);
            }
            SessionAction::KillCleaner => self.children.kill(ChildRole::Cleaner),
            SessionAction::KillTunnel => self.children.kill(ChildRole::Tunnel),
            SessionAction::KillServe => self.children.kill(ChildRole::Serve),
            SessionAction::ShowLink(public) => self.show_link(public),
            SessionAction::ShowAddressRestored => self.console.show_restored(),
            SessionAction::ShowTunnelLost { why, retry_in } => {
                self.set_public_host(None);
                self.console.show_tunnel_lost(&why, retry_in);
            }
            SessionAction::ShowGuardLost { how, replaced } => {
                self.console.show_guard_lost(&how, replaced);
            }
            SessionAction::ShowEnd(reason) => self.console.show_end(&reason),
            SessionAction::ShowPanic => {
                self.log_question.cancel();
                self.console.show_panic();
            }
            SessionAction::PanicRoom => {
                self.children.resume(ChildRole::Serve);
                self.drop_host();
                self.children.order_serve(ToServe::Operator(RoomOrder::Panic));
                // A process that cannot act on the order still exits at the end of its lifeline.
                self.children.release_serve();
            }
            SessionAction::ArmTimer(timer, wait) => self.timers.arm(timer, Instant::now() + wait),
            SessionAction::SettleLog { ask } => {
                let settled = self.log_question.settle(&mut self.console, ask);
                return settled.then_some(SessionEvent::LogSettled);
            }
            // `step_all` does these itself.
            SessionAction::Wipe | SessionAction::Finish(_) => {}
        }
        None
    }

    fn spawn_guard(&mut self) -> Option<SessionEvent> {
        let run_dir = self.run_dir.as_ref()?.path();
        let error = self.children.spawn_guard(run_dir).err()?;
        Some(SessionEvent::GuardExited(error.to_string()))
    }

    fn spawn_cleaner(&mut self) -> Option<SessionEvent> {
        let error = self.children.spawn_cleaner().err()?;
        self.console.show_cleanup(&Cleanup::Failed(error.to_string()));
        Some(SessionEvent::Cleaned)
    }

    fn spawn_serve(&mut self) -> Option<SessionEvent> {
        let room = self.config.room.clone();
        let mode = room.mode;
        let admission = self.access.admission();
        let rules = self.room.rules();
        let start = ToServe::Start { room, admission, rules };
        let error = self.children.spawn_serve(&self.listener, mode, start).err()?;
        Some(SessionEvent::ServeExited(error.to_string()))
    }

    fn spawn_tunnel(&mut self) -> Option<SessionEvent> {
        let start = ToTunnel::Start {
            tunnel: self.config.tunnel.clone(),
            confine: self.config.confinement,
            run_dir: self.run_dir.as_ref()?.path().to_owned(),
        };
        let error = self.children.spawn_tunnel(start).err()?;
        Some(SessionEvent::TunnelExited(error.to_string()))
    }

    /// Shows the links, first the one under a public address.
    fn show_link(&mut self, public: Option<String>) {
        self.timers.stop_countdown();
        if !self.console.has_link() {
            self.follow_presence(self.console.present());
            self.show_limit();
        }
        if let Some(links) = self.links(public) {
            self.console.show_links(&links);
        }
    }

    /// Draws what depends on the size of the terminal.
    pub(super) fn follow_resize(&mut self) {
        let links = self.present_links();
        self.console.follow_resize(links.as_ref());
    }

    /// The links that admit now.
    pub(super) fn present_links(&self) -> Option<RoomLinks> {
        self.links(self.session.public_address().map(str::to_owned))
    }

    fn links(&self, public: Option<String>) -> Option<RoomLinks> {
        let reachable = Reachable::of(&self.listener).ok()?;
        Some(RoomLinks::new(self.config.room.mode, public, &reachable, &self.access.ticket()))
    }

    /// The present links with another ticket.
    pub(super) fn links_with(&self, ticket: &Secret) -> Option<RoomLinks> {
        let public = self.session.public_address().map(str::to_owned);
        let reachable = Reachable::of(&self.listener).ok()?;
        Some(RoomLinks::new(self.config.room.mode, public, &reachable, ticket))
    }
}
