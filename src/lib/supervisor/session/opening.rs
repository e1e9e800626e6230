//! The steps from the first process to the first link.

use std::time::Duration;

use super::state::{FIRST_BACKOFF, ServeState, Session, SessionPhase, TunnelState};
use super::types::{SessionAction, SessionTimer, TunnelPolicy};

/// A cleaner needs milliseconds; one that was stopped, or hangs on a dead file system, is killed.
const CLEANER_TIMEOUT: Duration = Duration::from_secs(10);

/// The room starts within milliseconds; a machine that needs this long cannot run it.
pub(super) const SERVE_START_TIMEOUT: Duration = Duration::from_secs(15);

/// Guards that one session may have, one after the other. One is enough unless another process
/// kills them; a process that kills four will kill the fifth.
pub(super) const MAX_GUARDS: u32 = 4;

impl Session {
    /// Returns a session in its first phase, and its first actions.
    pub(in crate::supervisor) fn begin(tunnel_policy: TunnelPolicy) -> (Self, Vec<SessionAction>) {
        let mut session = Self {
            phase: SessionPhase::Preparing { cleaned: false },
            tunnel_policy,
            tunnel: TunnelState::None,
            serve: ServeState::None,
            spare_guards: MAX_GUARDS - 1,
            last_address: None,
            backoff: FIRST_BACKOFF,
        };
        // The guard comes first: it ends the others if the supervisor is killed.
        let mut actions = vec![
            SessionAction::SpawnGuard,
            SessionAction::SpawnCleaner,
            SessionAction::ArmTimer(SessionTimer::Cleaner, CLEANER_TIMEOUT),
        ];
        match tunnel_policy {
            TunnelPolicy::Never => {}
            TunnelPolicy::WhenPossible | TunnelPolicy::Required => {
                actions.extend(session.spawn_tunnel());
            }
        }
        (session, actions)
    }

    /// Begins to look for cloudflared.
    pub(super) fn spawn_tunnel(&mut self) -> Vec<SessionAction> {
        self.tunnel = TunnelState::Searching;
        vec![SessionAction::SpawnTunnel]
    }

    /// Begins to get a public address with the cloudflared that was found.
    pub(super) fn open_tunnel(&mut self) -> Vec<SessionAction> {
        self.tunnel = TunnelState::Opening;
        vec![SessionAction::OpenTunnel]
    }

    /// Notes that the cleaner has exited.
    pub(super) fn cleaned(&mut self) -> Vec<SessionAction> {
        self.phase = SessionPhase::Preparing { cleaned: true };
        self.start_if_prepared()
    }

    /// Leaves `Preparing` once the cleaner has exited and the search for cloudflared is over.
    pub(super) fn start_if_prepared(&mut self) -> Vec<SessionAction> {
        let cleaned = self.phase == SessionPhase::Preparing { cleaned: true };
        if !cleaned || self.tunnel == TunnelState::Searching {
            return Vec::new();
        }
        self.phase = SessionPhase::Starting;
        self.serve = ServeState::Starting;
        vec![
            SessionAction::SpawnServe,
            SessionAction::ArmTimer(SessionTimer::ServeStart, SERVE_START_TIMEOUT),
        ]
    }

    /// Leaves `Starting`: for the tunnel where there is one, else with the local link.
    pub(super) fn serve_ready(&mut self) -> Vec<SessionAction> {
        self.serve = ServeState::Ready;
        if self.tunnel == TunnelState::Found {
            self.phase = SessionPhase::Opening;
            return self.open_tunnel();
        }
        self.phase = SessionPhase::Open;
        vec![SessionAction::ShowLink(None)]
    }

    /// Replaces the guard while spares are left. Without one, the kernel still ends the processes of
    /// a killed supervisor, and only the runtime folder is left for the next start.
    pub(super) fn guard_exited(&mut self, how: String) -> Vec<SessionAction> {
        let replaced = self.spare_guards > 0;
        let mut actions = Vec::new();
        if replaced {
            self.spare_guards -= 1;
            actions.push(SessionAction::SpawnGuard);
        }
        // Shown after the new guard was spawned: the supervisor may be killed as soon as it is
        // read.
        actions.push(SessionAction::ShowGuardLost { how, replaced });
        actions
    }
}
