//! The public address: had, lost, and tried for again.

use std::time::Duration;

use super::types::SessionAction::{self, Arm};
use super::{EndReason, Session, SessionPhase, SessionTimer, Tunnel, TunnelPolicy};

/// First and longest wait before another try for a public address.
pub(super) const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

impl Session {
    pub(super) fn open_tunnel(&mut self) -> Vec<SessionAction> {
        self.tunnel = Tunnel::Opening;
        vec![SessionAction::OpenTunnel]
    }

    pub(super) fn start_tunnel(&mut self) -> Vec<SessionAction> {
        self.tunnel = Tunnel::Searching;
        vec![SessionAction::StartTunnel]
    }

    pub(super) fn tunnel_up(&mut self, url: String) -> Vec<SessionAction> {
        if self.phase > SessionPhase::Open || !matches!(self.tunnel, Tunnel::Opening | Tunnel::Up) {
            return Vec::new();
        }
        self.phase = SessionPhase::Open;
        self.tunnel = Tunnel::Up;
        self.retry = RETRY.0;
        if self.announced.as_ref() == Some(&url) {
            return vec![SessionAction::ShowBack];
        }
        let moved =
            self.announced.replace(url.clone()).map(|_| SessionAction::TellMoved(url.clone()));
        [SessionAction::ShowLink(Some(url))].into_iter().chain(moved).collect()
    }

    pub(super) fn tunnel_lost(&mut self, why: String, wait: Option<u64>) -> Vec<SessionAction> {
        if self.phase >= SessionPhase::Closing
            || matches!(self.tunnel, Tunnel::None | Tunnel::Lost(_))
        {
            return Vec::new();
        }
        // The process ends by itself after this; until it has, no other is started.
        self.tunnel = Tunnel::Lost(why.clone());
        if self.tunnel_policy == TunnelPolicy::Required && self.phase < SessionPhase::Open {
            return self.close(EndReason::NoTunnel(why));
        }
        let pause = self.retry.max(Duration::from_secs(wait.unwrap_or(0)));
        self.retry = (self.retry * 2).min(RETRY.1);
        let mut actions =
            vec![SessionAction::ShowLost(why, Some(pause)), Arm(SessionTimer::Retry, pause)];
        if self.phase == SessionPhase::Opening {
            self.phase = SessionPhase::Open;
            actions.push(SessionAction::ShowLink(None));
        } else {
            actions.extend(self.go_on());
        }
        actions
    }

    pub(super) fn tunnel_ended(&mut self, how: String) -> Vec<SessionAction> {
        let lost = match &self.tunnel {
            Tunnel::None | Tunnel::Unregistered | Tunnel::Lost(_) => Vec::new(),
            Tunnel::Searching | Tunnel::Found | Tunnel::Opening | Tunnel::Up => {
                self.tunnel_lost(format!("chattrace-tunnel {how}"), None)
            }
        };
        self.tunnel = Tunnel::None;
        let mut actions = lost;
        actions.extend(self.go_on());
        actions
    }
}
