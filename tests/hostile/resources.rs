//! Memory, descriptors and threads of a process (`proc_pid_status(5)`).

use std::time::{Duration, Instant};

use crate::harness::DEADLINE;

/// The kernel announces no change of another process's descriptor table, so it is read again and
/// again.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Counts of what a process holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Resources {
    pub(crate) fn of(pid: u32) -> Self {
        let count = |what: &str| {
            std::fs::read_dir(format!("/proc/{pid}/{what}")).map_or(0, std::iter::Iterator::count)
        };
        Self { descriptors: count("fd"), threads: count("task") }
    }

    /// Waits until the process has no more descriptors than `before`, or for the deadline: a server
    /// notices a closed connection a moment after its client has closed it.
    pub(crate) fn after_disconnects(pid: u32, before: Self) -> Self {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let now = Self::of(pid);
            if now.descriptors <= before.descriptors || Instant::now() > deadline {
                return now;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The peak of resident memory, in KiB; `None` for a process that has exited.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
