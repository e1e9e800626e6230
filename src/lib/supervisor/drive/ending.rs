//! Collecting the dead, ringing the timers, and the last wipe.

use std::ffi::OsStr;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::{Instant, timeout_at};

use super::super::services::{Cleaner, Running};
use super::super::session::{Event, Timer};
use super::Drive;
use crate::control::ToGuard;
use crate::process::{self, ExitReason, ServiceProcess, SessionProcess};

/// Patience with killed processes before they are named as remaining.
const WIPE: Duration = Duration::from_secs(2);

/// Patience with a guard that was told to wipe; then it is done without one.
const DISMISS: Duration = Duration::from_secs(1);

/// Takes a service out of its place if it has ended.
fn ended<T>(place: &mut Option<T>, service: fn(&T) -> &ServiceProcess) -> Option<(T, ExitReason)> {
    let reason = service(place.as_ref()?).reap()?;
    Some((place.take()?, reason))
}

impl Drive {
    /// Collects whoever has ended; the session hears of it after their last words.
    pub(super) fn reap(&mut self) {
        if let Some((serve, reason)) = ended(&mut self.serve, Running::service) {
            serve.bury(reason, self.inputs.clone());
        }
        if let Some((tunnel, reason)) = ended(&mut self.tunnel, Running::service) {
            tunnel.bury(reason, self.inputs.clone());
            // A cloudflared that hid from its group would keep the old address, unseen.
            let ours: Vec<_> = self.known().map(ServiceProcess::pid).collect();
            self.kill_marked(&ours);
        }
        if let Some((guard, reason)) = ended(&mut self.guard, Running::service) {
            guard.bury(reason, self.inputs.clone());
        }
        if let Some((cleaner, reason)) = ended(&mut self.cleaner, Cleaner::service) {
            cleaner.bury(reason, self.inputs.clone());
        }
        process::reap_orphans(&self.known().collect::<Vec<_>>());
    }

    /// Everybody whom we have started and not collected.
    fn known(&self) -> impl Iterator<Item = &ServiceProcess> {
        self.services().chain(self.guard.as_ref().map(Running::service))
    }

    /// The same without the guard.
    fn services(&self) -> impl Iterator<Item = &ServiceProcess> {
        let serve = self.serve.as_ref().map(Running::service);
        let tunnel = self.tunnel.as_ref().map(Running::service);
        let cleaner = self.cleaner.as_ref().map(Cleaner::service);
        serve.into_iter().chain(tunnel).chain(cleaner)
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

    /// Kills whoever carries our mark, but for those with these numbers, and names them. Who may not
    /// be killed stays, and is named again at the end.
    fn kill_marked(&self, spared: &[i32]) -> Vec<i32> {
        let marked = SessionProcess::find_all(OsStr::new(&self.id)).into_iter();
        marked
            .filter(|marked| !spared.contains(&marked.pid()))
            .map(|marked| {
                let _ = marked.kill();
                marked.pid()
            })
            .collect()
    }

    /// The processes of this session that are still there, killed once more, but for the guard. The
    /// services are asked for by number: they keep even the mark in their environment from everybody
    /// but root.
    fn left(&self) -> Vec<i32> {
        let guard = self.guard.as_ref().map(|guard| guard.service().pid());
        let mut left = self.kill_marked(guard.as_slice());
        for service in self.services() {
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
            if timeout_at(end, children.recv()).await.is_err() {
                break;
            }
        }
        if let Some(task) = self.control.take() {
            task.abort();
            let _ = task.await;
        }
        self.dismiss_guard(children).await;
        self.remains.extend(self.left().into_iter().map(|pid| format!("process {pid}")));
        // By its folder the next one to clean knows whom to look for.
        if let Some(run_dir) = self.run_dir.take_if(|_| self.remains.is_empty()) {
            // The guard has done it, unless there is none.
            if let Err(kept) = run_dir.remove() {
                self.remains.extend(kept.iter().map(ToString::to_string));
            }
        }
        self.remains.is_empty()
    }

    /// Lets the guard look once more and wipe, and waits until it is gone, too.
    async fn dismiss_guard(&mut self, children: &mut Signal) {
        let Some(guard) = &self.guard else { return };
        guard.tell(ToGuard::Wipe);
        guard.service().resume();
        let (patience, end) = (Instant::now() + DISMISS, Instant::now() + DISMISS + WIPE);
        while let Some(guard) = &self.guard {
            let now = Instant::now();
            if now >= end {
                self.remains.push(format!("process {}", guard.service().pid()));
                return;
            }
            if now >= patience {
                guard.service().kill_group();
            }
            let until = if now < patience { patience } else { end };
            // Late or not, whoever has ended by now is collected.
            let _ = timeout_at(until, children.recv()).await;
            self.reap();
        }
    }
}
