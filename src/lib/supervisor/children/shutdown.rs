//! The end of the children: they are killed and waited for, and those that are still there are named.

use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::{Instant, timeout_at};

use super::event::ChildRole;
use super::registry::Children;
use crate::control::ToGuard;

/// A killed process that is still there after this hangs in the kernel.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// A guard that has not exited this long after its order is killed.
const GUARD_TIMEOUT: Duration = Duration::from_secs(1);

impl Children {
    /// Kills every process of this session but the guard, until none is left or the time is up.
    pub(in crate::supervisor) async fn kill_all(&mut self, sigchld: &mut Signal) {
        let deadline = Instant::now() + KILL_TIMEOUT;
        loop {
            self.reap();
            if self.kill_remaining().is_empty()
                || timeout_at(deadline, sigchld.recv()).await.is_err()
            {
                return;
            }
        }
    }

    /// Lets the guard check and remove once more, and waits for its exit. Returns its pid if it
    /// hangs.
    pub(in crate::supervisor) async fn dismiss_guard(
        &mut self,
        sigchld: &mut Signal,
    ) -> Option<i32> {
        self.order_guard(ToGuard::Wipe);
        self.resume(ChildRole::Guard);
        let kill_at = Instant::now() + GUARD_TIMEOUT;
        let deadline = kill_at + KILL_TIMEOUT;
        while let Some(guard) = self.process(ChildRole::Guard) {
            let now = Instant::now();
            if now >= deadline {
                return Some(guard.pid());
            }
            if now >= kill_at {
                guard.kill_group();
            }
            let until = if now < kill_at { kill_at } else { deadline };
            let _ = timeout_at(until, sigchld.recv()).await;
            self.reap();
        }
        None
    }

    /// Kills every process of this session but the guard, and returns the pids. The children are known
    /// by pid: they are not dumpable, so only root could read the mark in their environment.
    pub(in crate::supervisor) fn kill_remaining(&self) -> Vec<i32> {
        let guard = self.process(ChildRole::Guard).map(|guard| guard.pid());
        let mut remaining = self.kill_marked(guard.as_slice());
        for role in [ChildRole::Serve, ChildRole::Tunnel, ChildRole::Cleaner] {
            if let Some(process) = self.process(role) {
                process.kill_group();
                remaining.push(process.pid());
            }
        }
        remaining.sort_unstable();
        remaining.dedup();
        remaining
    }
}
