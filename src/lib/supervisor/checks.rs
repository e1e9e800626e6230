//! The checks at the start: which protections this machine gives, and which it lacks, each in one line.

use std::fmt::Display;
use std::path::Path;

use crate::config::Mode;
use crate::control::Protection;
use crate::memory::LockedMemory;
use crate::paths::{self, Owner};
use crate::process::{self, ReachableBy};
use crate::terminal::{Severity, escape_control};
use crate::units::format_bytes;

/// Bound on `/proc/swaps`, which lists at most 32 devices (swapon(2)).
const MAX_SWAPS_BYTES: u64 = 64 * 1024;

/// Locked memory that holds the messages of a room with the default settings: a mebibyte, and as much
/// again for names and connections.
const MIN_LOCKED_BYTES: u64 = 2 * 1024 * 1024;

/// One line of the checks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// `Warning` if a protection is missing.
    pub(super) severity: Severity,
    /// The label of the line.
    pub(super) name: &'static str,
    /// What was found and, with a warning, what follows from it and the next step. Safe to print.
    pub(super) fact: String,
    /// Whether it protects what is said. Those that passed are listed by name.
    pub(super) is_protection: bool,
}

fn protection_check(severity: Severity, name: &'static str, fact: impl Into<String>) -> Check {
    Check { severity, name, fact: fact.into(), is_protection: true }
}

fn check(severity: Severity, name: &'static str, fact: impl Into<String>) -> Check {
    Check { severity, name, fact: fact.into(), is_protection: false }
}

/// A check that found something missing.
pub(super) fn warning(name: &'static str, fact: impl Into<String>) -> Check {
    check(Severity::Warning, name, fact)
}

/// Something without which there is no session.
pub(super) fn failure(name: &'static str, fact: impl Into<String>) -> Check {
    check(Severity::Error, name, fact)
}

/// A check that passed, and protects nothing.
pub(super) fn note(name: &'static str, fact: impl Into<String>) -> Check {
    check(Severity::Ok, name, fact)
}

/// Returns the checks that need no other process. Switches core dumps off, to report whether it could.
pub(super) fn machine(run_dir: &Path) -> Vec<Check> {
    memory().into_iter().chain([runtime_folder(run_dir)]).collect()
}

/// Those about what could write memory to a disk.
pub(super) fn memory() -> [Check; 2] {
    let core_dumps = match process::harden() {
        Ok(()) => protection_check(Severity::Ok, "core dumps", "off"),
        Err(error) => protection_check(Severity::Warning, "core dumps", error.to_string()),
    };
    [swap(&read_swaps()), core_dumps]
}

/// Warns about what the system lacks to end a process that has left its group and its parent; `None` if
/// it lacks nothing. `adopted` is the result of [`process::become_subreaper`].
pub(super) fn orphans<E: Display>(adopted: Result<(), E>, pidfds: bool) -> Option<Check> {
    let fact = match (adopted, pidfds) {
        (Ok(()), true) => return None,
        (Err(error), true) => format!(
            "this system does not report programs that lose their parent ({error}); they are found by a \
             mark alone"
        ),
        (Ok(()), false) => {
            "if chattrace is killed, programs that it started may go on, and are named: \
                            this system refuses pidfds, without which no program is ended safely"
                .to_owned()
        }
        (Err(error), false) => format!(
            "programs that chattrace started may go on after its end, and are named: this system refuses \
             pidfds, and does not report programs that lose their parent ({error})"
        ),
    };
    Some(check(Severity::Warning, "cleaning up", fact))
}

/// Returns the checks that the room's process reports about itself, once it serves.
pub(super) fn protection(protection: &Protection) -> [Check; 2] {
    let confinement = &protection.confinement;
    let severity = if confinement.is_complete() { Severity::Ok } else { Severity::Warning };
    let fact = escape_control(&confinement.summary());
    [protection_check(severity, "sandbox", fact), memory_lock(protection.locked, &read_swaps())]
}

/// Unlocked memory matters only where there is a disk to swap to.
fn memory_lock(locked: LockedMemory, swaps: &str) -> Check {
    let is_on_disk = !swap_disks(swaps).is_empty();
    let fact = match locked {
        LockedMemory::Everything => "kept off the disk".to_owned(),
        LockedMemory::UpTo(bytes) if is_on_disk && bytes < MIN_LOCKED_BYTES => {
            let fact = format!(
                "only {} are kept off the disk, and the rest may be written to swap; {RAISE_LIMIT}",
                format_bytes(bytes)
            );
            return protection_check(Severity::Warning, "memory", fact);
        }
        LockedMemory::UpTo(bytes) => format!("kept off the disk, up to {}", format_bytes(bytes)),
        LockedMemory::Nothing if !is_on_disk => {
            "kept off the disk, as there is no swap; it could not be locked (see ulimit -l)"
                .to_owned()
        }
        LockedMemory::Nothing => {
            let fact = format!("what is said may be written to swap; {RAISE_LIMIT}");
            return protection_check(Severity::Warning, "memory", fact);
        }
    };
    protection_check(Severity::Ok, "memory", fact)
}

const RAISE_LIMIT: &str =
    "raise the limit of locked memory (ulimit -l), or turn swap off (swapoff -a)";

fn read_swaps() -> String {
    let read = paths::read_file(Path::new("/proc/swaps"), Owner::Anyone, MAX_SWAPS_BYTES);
    read.ok().and_then(|list| String::from_utf8(list).ok()).unwrap_or_default()
}

/// The swap devices on disks. The first line of /proc/swaps is a heading; zram stays in memory.
fn swap_disks(swaps: &str) -> Vec<&str> {
    let devices = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    devices.filter(|device| !device.contains("zram")).collect()
}

fn swap(swaps: &str) -> Check {
    let devices = swap_disks(swaps).join(", ");
    if devices.is_empty() {
        return protection_check(Severity::Ok, "swap", "none on a disk");
    }
    let fact = format!(
        "on a disk ({devices}): memory that is not locked may be written there; turn swap off (swapoff -a), \
         or encrypt it"
    );
    protection_check(Severity::Warning, "swap", fact)
}

/// Where the control socket of a session is.
pub(super) fn runtime_folder(dir: &Path) -> Check {
    let shown = escape_control(&dir.display().to_string());
    match paths::is_in_memory(dir) {
        true => check(Severity::Ok, "runtime folder", shown),
        false => check(
            Severity::Warning,
            "runtime folder",
            format!("{shown} (on a disk; it never holds a message)"),
        ),
    }
}

/// Warns about an address that other machines can reach, and that a room in `mode` listens on; `None` on
/// loopback.
pub(super) fn listen_address(address: std::net::SocketAddr, mode: Mode) -> Option<Check> {
    // An IPv4 address may be written as an IPv6 one.
    let ip = address.ip().to_canonical();
    if ip.is_loopback() {
        return None;
    }
    let fact = match mode {
        Mode::Open => format!("on {ip}, {}", ReachableBy::Network),
        Mode::Sealed => format!(
            "on {ip}, every computer on the network can reach the server; to join, it needs https, which only \
             the tunnel gives"
        ),
    };
    Some(check(Severity::Warning, "listen", fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "Filename\t\tType\t\tSize\tUsed\tPriority\n";

    #[test]
    fn swap_on_a_disk_is_a_warning_and_in_memory_is_none() {
        assert_eq!(swap(HEADING).severity, Severity::Ok);
        assert_eq!(swap("").severity, Severity::Ok);
        assert_eq!(swap(&format!("{HEADING}/dev/zram0 partition 1 0 5\n")).severity, Severity::Ok);
        let warned = swap(&format!("{HEADING}/dev/sda2 partition 8 0 -2\n"));
        assert_eq!(warned.severity, Severity::Warning);
        assert!(warned.fact.starts_with("on a disk (/dev/sda2): "));
    }

    #[test]
    fn memory_that_is_not_locked_is_a_warning_where_there_is_a_swap_disk() {
        let disk = format!("{HEADING}/dev/sda2 partition 8 0 -2\n");
        assert_eq!(memory_lock(LockedMemory::Nothing, &disk).severity, Severity::Warning);
        assert_eq!(memory_lock(LockedMemory::Nothing, HEADING).severity, Severity::Ok);
        assert_eq!(memory_lock(LockedMemory::UpTo(8 << 20), &disk).severity, Severity::Ok);
        assert_eq!(memory_lock(LockedMemory::UpTo(64 << 10), &disk).severity, Severity::Warning);
        assert_eq!(memory_lock(LockedMemory::UpTo(64 << 10), HEADING).severity, Severity::Ok);
        assert!(memory_lock(LockedMemory::UpTo(8 << 20), &disk).fact.ends_with("up to 8 MiB"));
        assert_eq!(memory_lock(LockedMemory::Everything, &disk).severity, Severity::Ok);
    }

    #[test]
    fn what_is_missing_to_end_orphans_is_a_warning() {
        let refused = Err("EPERM");
        assert_eq!(orphans(Ok::<(), &str>(()), true), None);
        for (adopted, pidfds, said) in [
            (refused, true, "found by a mark"),
            (Ok(()), false, "if chattrace is killed"),
            (refused, false, "after its end, and are named"),
        ] {
            let check = orphans(adopted, pidfds).unwrap();
            assert_eq!(check.severity, Severity::Warning);
            assert!(check.fact.contains(said), "{check:?}");
        }
    }

    #[test]
    fn listening_beyond_this_machine_says_what_that_means() {
        for loopback in ["127.0.0.1:0", "[::1]:80", "[::ffff:127.0.0.1]:0"] {
            assert_eq!(listen_address(loopback.parse().unwrap(), Mode::Open), None);
        }
        let check = listen_address("0.0.0.0:80".parse().unwrap(), Mode::Open).unwrap();
        assert_eq!(
            check.fact,
            "on 0.0.0.0, every computer on the network can reach the room, unencrypted"
        );
    }
}
