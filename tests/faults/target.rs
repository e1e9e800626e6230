//! Finds the victims of a fault among the descendants of one session's supervisor.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crate::plan::Victim;
use crate::proc::{self, ProcessStat};

/// A victim that has not been spawned by then will not be.
const SPAWN_TIMEOUT: Duration = Duration::from_secs(3);
/// The kernel announces no new grandchild to an unprivileged process, so `/proc` is polled: often
/// enough to find a process in its first millisecond.
const POLL_INTERVAL: Duration = Duration::from_micros(200);

/// A process that was found. A pidfd never comes to mean another process.
pub(crate) struct Target {
    pub(crate) victim: Victim,
    pub(crate) pidfd: OwnedFd,
}

/// Waits for all of `victims`; those that are missing in the end are left out. With `starting`, a
/// service counts before it leads its session, and cloudflared before its exec.
pub(crate) fn find(supervisor: i32, victims: &[Victim], starting: bool) -> Vec<Target> {
    let deadline = Instant::now() + SPAWN_TIMEOUT;
    let mut found: Vec<Target> = Vec::new();
    loop {
        for victim in victims {
            if !found.iter().any(|target| target.victim == *victim)
                && let Some(pidfd) =
                    find_one(supervisor, *victim, starting).and_then(|stat| stat.pidfd())
            {
                found.push(Target { victim: *victim, pidfd });
            }
        }
        let is_late = Instant::now() > deadline || is_too_late(supervisor, victims);
        if found.len() == victims.len() || is_late {
            return found;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Whether the session is past the point at which a missing victim would have been spawned.
fn is_too_late(supervisor: i32, victims: &[Victim]) -> bool {
    // The cleaner runs before the room.
    let cleaned =
        victims == [Victim::Cleaner] && find_one(supervisor, Victim::Serve, true).is_some();
    cleaned || ProcessStat::read(supervisor).is_none_or(|stat| stat.has_exited())
}

fn find_one(supervisor: i32, victim: Victim, starting: bool) -> Option<ProcessStat> {
    let service = |name: &str| {
        let is_running =
            |stat: &ProcessStat| !stat.has_exited() && (starting || stat.is_session_leader());
        proc::children(supervisor).into_iter().find(|stat| stat.comm == name && is_running(stat))
    };
    let cleaner = |is_guard: bool| {
        proc::children(supervisor).into_iter().find(|stat| {
            // Before its exec it has the command line of its parent.
            let command = stat.command();
            let is_cleaner = stat.comm == "chattrace-clean" && command.contains("chattrace-clean");
            let is_running = starting || stat.is_session_leader();
            is_cleaner
                && is_running
                && is_guard == command.split(' ').any(|word| word.starts_with("--guard"))
        })
    };
    match victim {
        // Before its exec it is the shell that starts it.
        Victim::Supervisor => ProcessStat::read(supervisor).filter(|stat| stat.comm == "chattrace"),
        Victim::Guard => cleaner(true),
        Victim::Cleaner => cleaner(false),
        Victim::Serve => service("chattrace-serve"),
        Victim::Tunnel => service("chattrace-tunne"),
        // Before its last exec it is `chattrace-tunnel exec …`, or the fork of the tunnel.
        Victim::Cloudflared => proc::children(service("chattrace-tunne")?.pid)
            .into_iter()
            .find(|stat| stat.comm == "cloudflared" || starting),
    }
}
