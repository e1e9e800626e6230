//! What the machine gives and what it does not, each in one line, before anybody talks.

use std::path::Path;

use crate::paths;
use crate::process;
use crate::terminal::Mark;

/// One line of the checks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// How it is.
    pub(super) mark: Mark,
    /// What was looked at.
    pub(super) name: &'static str,
    /// What was found.
    pub(super) fact: String,
}

fn check(mark: Mark, name: &'static str, fact: impl Into<String>) -> Check {
    Check { mark, name, fact: fact.into() }
}

/// Everything that can be said before a process is started. The core dumps are switched off here.
pub(super) fn machine(run_dir: &Path) -> Vec<Check> {
    vec![
        check(Mark::Warning, "confinement", "not in this version: the room runs with your rights"),
        check(
            Mark::Warning,
            "memory lock",
            "not in this version: the kernel may swap the room out",
        ),
        swap(&std::fs::read_to_string("/proc/swaps").unwrap_or_default()),
        match process::harden() {
            Ok(()) => check(Mark::Good, "core dumps", "off"),
            Err(error) => {
                check(Mark::Warning, "core dumps", format!("on: {error}; a crash may write memory"))
            }
        },
        runtime(run_dir),
    ]
}

fn swap(swaps: &str) -> Check {
    // The first line of /proc/swaps is a heading (proc(5)); compressed swap stays in memory.
    let devices = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let on_disk: Vec<&str> = devices.filter(|device| !device.contains("zram")).collect();
    if on_disk.is_empty() {
        return check(Mark::Good, "swap", "none on a disk");
    }
    let devices = on_disk.join(", ");
    check(
        Mark::Warning,
        "swap",
        format!("{devices}: what is said may reach it; swapoff prevents that"),
    )
}

fn runtime(dir: &Path) -> Check {
    let shown = dir.display().to_string();
    match paths::is_in_memory(dir) {
        true => check(Mark::Good, "runtime folder", shown),
        false => {
            check(Mark::Warning, "runtime folder", format!("{shown} (on a disk; holds no text)"))
        }
    }
}

/// What is said about listening beyond this machine.
pub(super) fn listen(address: std::net::SocketAddr) -> Option<Check> {
    if address.ip().is_loopback() {
        return None;
    }
    let fact = format!("{address}: everybody on this network can reach the room, unencrypted");
    Some(check(Mark::Warning, "listen", fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "Filename\t\tType\t\tSize\tUsed\tPriority\n";

    #[test]
    fn swap_on_a_disk_is_a_warning_and_in_memory_is_none() {
        assert_eq!(swap(HEADING).mark, Mark::Good);
        assert_eq!(swap("").mark, Mark::Good);
        assert_eq!(swap(&format!("{HEADING}/dev/zram0 partition 1 0 5\n")).mark, Mark::Good);
        let warned = swap(&format!("{HEADING}/dev/sda2 partition 8 0 -2\n"));
        assert_eq!(warned.mark, Mark::Warning);
        assert!(warned.fact.starts_with("/dev/sda2:"));
    }

    #[test]
    fn listening_beyond_this_machine_says_what_that_means() {
        assert_eq!(listen("127.0.0.1:0".parse().unwrap()), None);
        assert!(listen("0.0.0.0:80".parse().unwrap()).unwrap().fact.contains("everybody"));
    }
}
