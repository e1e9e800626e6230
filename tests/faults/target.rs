//! Finding who is to be hit, among the descendants of one session's own supervisor, and hitting
//! exactly those.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crate::plan::Victim;
use crate::proc::{self, Seen};

/// A victim that is not born by then is not coming.
const BIRTH: Duration = Duration::from_secs(3);
/// How often a victim is looked for: a new-born is hit in its first millisecond.
const GLANCE: Duration = Duration::from_micros(200);

/// Somebody who was found, held by a handle that never comes to mean anybody else.
pub(crate) struct Target {
    pub(crate) victim: Victim,
    pub(crate) handle: OwnedFd,
}

/// Waits until all of `victims` are there, and holds them; those who are missing in the end are
/// left out. A service may be held before it has taken its first steps, and cloudflared before it is
/// that program, if `new_born` is what is wanted.
pub(crate) fn find(supervisor: i32, victims: &[Victim], new_born: bool) -> Vec<Target> {
    let end = Instant::now() + BIRTH;
    let mut found: Vec<Target> = Vec::new();
    loop {
        for victim in victims {
            if !found.iter().any(|target| target.victim == *victim)
                && let Some(handle) =
                    see(supervisor, *victim, new_born).and_then(|seen| seen.hold())
            {
                found.push(Target { victim: *victim, handle });
            }
        }
        let over = Instant::now() > end || is_too_late(supervisor, victims);
        if found.len() == victims.len() || over {
            return found;
        }
        std::thread::sleep(GLANCE);
    }
}

/// Whether the session is past the point at which a missing one would have been born.
fn is_too_late(supervisor: i32, victims: &[Victim]) -> bool {
    // The cleaner comes before the room.
    let cleaned = victims == [Victim::Cleaner] && see(supervisor, Victim::Serve, true).is_some();
    cleaned || Seen::look(supervisor).is_none_or(|seen| seen.has_ended())
}

fn see(supervisor: i32, victim: Victim, new_born: bool) -> Option<Seen> {
    let child = |name: &str| {
        let there = |seen: &Seen| !seen.has_ended() && (new_born || seen.stands());
        proc::children(supervisor).into_iter().find(|seen| seen.comm == name && there(seen))
    };
    let cleaner = |is_guard: bool| {
        proc::children(supervisor).into_iter().find(|seen| {
            // Until it has become its program it has the command line of its parent.
            let command = seen.command();
            let named = seen.comm == "chattrace-clean" && command.contains("chattrace-clean");
            let there = new_born || seen.stands();
            there && named && is_guard == command.split(' ').any(|word| word.starts_with("--guard"))
        })
    };
    match victim {
        // Before that it is the shell that starts it.
        Victim::Supervisor => Seen::look(supervisor).filter(|seen| seen.comm == "chattrace"),
        Victim::Guard => cleaner(true),
        Victim::Cleaner => cleaner(false),
        Victim::Serve => child("chattrace-serve"),
        Victim::Tunnel => child("chattrace-tunne"),
        // A new-born is `chattrace-tunnel exec …`, or not even that.
        Victim::Cloudflared => proc::children(child("chattrace-tunne")?.pid)
            .into_iter()
            .find(|seen| seen.comm == "cloudflared" || new_born),
    }
}
