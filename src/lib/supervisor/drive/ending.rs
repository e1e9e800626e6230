//! Collecting the dead, ringing the timers, and the last wipe.

use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::Instant;

use super::super::services::Running;
use super::super::session::{Event, Timer};
use super::Drive;
use crate::process;

/// Patience with killed processes before they are named as remaining.
const WIPE: Duration = Duration::from_secs(2);

impl Drive {
    /// Collects whoever has ended; the session hears of it after their last words.
    pub(super) fn reap(&mut self) {
        if let Some(reason) = self.serve.as_ref().and_then(Running::ended)
            && let Some(serve) = self.serve.take()
        {
            serve.bury(reason, self.inputs.clone());
        }
        if let Some(reason) = self.tunnel.as_ref().and_then(Running::ended)
            && let Some(tunnel) = self.tunnel.take()
        {
            tunnel.bury(reason, self.inputs.clone());
        }
        let serve = self.serve.as_ref().map(Running::service);
        let tunnel = self.tunnel.as_ref().map(Running::service);
        let known: Vec<_> = serve.into_iter().chain(tunnel).collect();
        process::reap_orphans(&known);
    }

    pub(super) fn due(&mut self) -> Vec<Event> {
        let now = Instant::now();
        let due: Vec<Timer> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(timer, _)| *timer).collect();
        for timer in &due {
            self.timers.remove(timer);
        }
        due.into_iter().map(Event::Rang).collect()
    }

    /// The processes of this session that are still there, killed once more. The services are asked
    /// for by number: they keep even the mark in their environment from everybody but root.
    fn left(&self) -> Vec<i32> {
        let serve = self.serve.as_ref().map(Running::service);
        let tunnel = self.tunnel.as_ref().map(Running::service);
        let mut left = process::end_marked_children(&self.id);
        for service in serve.into_iter().chain(tunnel) {
            service.kill_group();
            left.push(service.pid());
        }
        left.sort_unstable();
        left.dedup();
        left
    }

    /// Removes everything and looks whether it is gone.
    pub(super) async fn wipe(&mut self, children: &mut Signal) -> bool {
        let end = Instant::now() + WIPE;
        self.closing.forget();
        loop {
            self.reap();
            let left = self.left();
            if left.is_empty() {
                break;
            }
            if tokio::time::timeout_at(end, children.recv()).await.is_err() {
                self.remains.extend(left.into_iter().map(|pid| format!("process {pid}")));
                break;
            }
        }
        if let Some(task) = self.control.take() {
            task.abort();
            let _ = task.await;
        }
        if let Some(run_dir) = self.run_dir.take() {
            let path = run_dir.path().display().to_string();
            if let Err(error) = run_dir.remove() {
                self.remains.push(format!("{path}: {error}"));
            }
        }
        self.remains.is_empty()
    }
}
