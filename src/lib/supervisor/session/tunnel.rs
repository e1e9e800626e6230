//! The public address: up, lost, and tried again.

use std::time::Duration;

use super::state::{FIRST_BACKOFF, MAX_BACKOFF, Session, SessionPhase, TunnelState};
use super::types::{EndReason, SessionAction, SessionTimer, TunnelPolicy};

impl Session {
    /// Shows the link of an address that works. A new address after a lost one is announced in the
    /// room.
    pub(super) fn tunnel_up(&mut self, url: String) -> Vec<SessionAction> {
        if !matches!(self.tunnel, TunnelState::Opening | TunnelState::Up(_)) {
            return Vec::new();
        }
        self.phase = SessionPhase::Open;
        self.tunnel = TunnelState::Up(url.clone());
        self.backoff = FIRST_BACKOFF;
        if self.last_address.as_ref() == Some(&url) {
            return vec![SessionAction::ShowAddressRestored];
        }
        self.last_address = Some(url.clone());
        vec![SessionAction::ShowLink(Some(url.clone())), SessionAction::AnnounceMove(url)]
    }

    /// Notes that there is no public address, and when to try again.
    pub(super) fn tunnel_lost(
        &mut self,
        why: String,
        retry_after: Option<u64>,
    ) -> Vec<SessionAction> {
        if matches!(self.tunnel, TunnelState::None | TunnelState::Lost) {
            return Vec::new();
        }
        // Its process exits by itself now. Until it has, no other is spawned.
        self.tunnel = TunnelState::Lost;
        if self.tunnel_policy == TunnelPolicy::Required && self.phase != SessionPhase::Open {
            return self.close(EndReason::NoTunnel(why));
        }
        let retry_in = self.backoff.max(Duration::from_secs(retry_after.unwrap_or(0)));
        self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
        let mut actions = vec![
            SessionAction::ShowTunnelLost { why, retry_in },
            SessionAction::ArmTimer(SessionTimer::TunnelRetry, retry_in),
        ];
        if self.phase == SessionPhase::Opening {
            self.phase = SessionPhase::Open;
            actions.push(SessionAction::ShowLink(None));
        }
        actions.extend(self.start_if_prepared());
        actions
    }

    /// Treats the exit of the tunnel's process as a lost address, if it lost none before.
    pub(super) fn tunnel_exited(&mut self, how: &str) -> Vec<SessionAction> {
        let mut actions = self.tunnel_lost(format!("chattrace-tunnel {how}"), None);
        self.tunnel = TunnelState::None;
        // A required tunnel that is lost ends the session, which need not wait for its exit any
        // more.
        if let SessionPhase::Closing(reason) = self.phase.clone() {
            actions.extend(self.stop_if_closed(reason));
        }
        actions
    }

    /// Begins the next attempt, once the process of the last one is gone.
    pub(super) fn retry_tunnel(&mut self) -> Vec<SessionAction> {
        match self.tunnel {
            TunnelState::None => self.spawn_tunnel(),
            // It should have exited by itself. The next attempt waits for its exit.
            TunnelState::Lost => vec![
                SessionAction::KillTunnel,
                SessionAction::ArmTimer(SessionTimer::TunnelRetry, FIRST_BACKOFF),
            ],
            TunnelState::Searching
            | TunnelState::Found
            | TunnelState::Opening
            | TunnelState::Up(_)
            | TunnelState::Closing
            | TunnelState::Unregistered => Vec::new(),
        }
    }
}
