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
    /// Collects whoever has ended.
    pub(super) fn reap(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(how) = self.serve.as_ref().and_then(Running::ended) {
            self.serve = None;
            events.push(Event::ServeEnded(how));
        }
        if let Some(how) = self.tunnel.as_ref().and_then(Running::ended) {
            self.tunnel = None;
            events.push(Event::TunnelEnded(how));
        }
        let serve = self.serve.as_ref().map(Running::service);
        let tunnel = self.tunnel.as_ref().map(Running::service);
        let known: Vec<_> = serve.into_iter().chain(tunnel).collect();
        process::reap_orphans(&known);
        events
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

    /// Removes everything and looks whether it is gone.
    pub(super) async fn wipe(&mut self, children: &mut Signal) -> bool {
        let end = Instant::now() + WIPE;
        self.closing.forget();
        loop {
            let _events_of_the_dead = self.reap();
            let left = process::end_marked_children(&self.id);
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
