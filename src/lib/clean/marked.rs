//! Processes of dead sessions, known by the mark in their environment and by nothing else.
//!
//! A process that closed its memory to others (`PR_SET_DUMPABLE`), as our own services do, cannot
//! be read and is never touched; the kernel ends those with their parent.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

use super::look::Why;
use crate::paths;

/// SIGKILL takes milliseconds, unless the process hangs in the kernel.
const PATIENCE: Duration = Duration::from_secs(5);

/// A process that carried the mark of a session when it was looked at.
#[derive(Debug)]
pub(super) struct Marked {
    pid: Pid,
    /// Ticks since boot (proc(5)): tells it from whoever gets its number later.
    started: u64,
    mark: Vec<u8>,
}

impl Marked {
    /// Every process of this user that carries the mark of `session`, but for this one and those
    /// that started it.
    pub(super) fn by(session: &OsStr) -> Vec<Self> {
        let mark = [paths::SESSION_MARK.as_bytes(), b"=", session.as_bytes()].concat();
        let ours = lineage();
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let mut found: Vec<Self> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .map(Pid::from_raw)
            .filter(|pid| !ours.contains(pid))
            .filter_map(|pid| {
                let started = Stat::of(pid)?.started;
                let mark = mark.clone();
                let process = Self { pid, started, mark };
                process.lives().then_some(process)
            })
            .collect();
        found.sort_by_key(|process| process.pid);
        found
    }

    /// Its folder in `/proc`.
    pub(super) fn path(&self) -> PathBuf {
        proc(self.pid)
    }

    /// Whether it still is the one that was seen: same number, same start, same mark, same user.
    fn lives(&self) -> bool {
        let own = fs::metadata(self.path()).is_ok_and(|seen| seen.uid() == Uid::current().as_raw());
        let environment = fs::read(self.path().join("environ")).unwrap_or_default();
        let marked = environment.split(|byte| *byte == 0).any(|entry| entry == self.mark);
        own && marked && self.unchanged()
    }

    /// Whether it has not ended. One that waits to be collected by its parent has.
    fn unchanged(&self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| stat.started == self.started && !stat.ended)
    }

    /// Kills it, and looks until it is gone. Gone before is fine.
    ///
    /// # Errors
    /// When it may not be killed, or does not end.
    pub(super) fn end(&self) -> Result<(), Why> {
        // Between this look and the signal its number would have to be freed and given again,
        // which takes the kernel a full round of all numbers.
        if !self.lives() {
            return Ok(());
        }
        match kill(self.pid, Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(errno) => return Err(errno.into()),
        }
        let until = Instant::now() + PATIENCE;
        while self.unchanged() {
            if Instant::now() > until {
                return Err(Why::Undying);
            }
            // It is not our child, so there is nothing to wait on.
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// What `/proc/PID/stat` says, as far as it matters here.
struct Stat {
    parent: Pid,
    started: u64,
    ended: bool,
}

impl Stat {
    fn of(pid: Pid) -> Option<Self> {
        let text = fs::read(proc(pid).join("stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        // The name before it may hold anything, brackets and spaces too; the last one closes it.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            ended: matches!(*fields.first()?, "Z" | "X"),
            parent: Pid::from_raw(fields.get(1)?.parse().ok()?),
            // Field 22 of proc(5), which counts from 1 and from before the name.
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

/// This process and those above it.
fn lineage() -> Vec<Pid> {
    let next = |pid: &Pid| Stat::of(*pid).map(|stat| stat.parent);
    std::iter::successors(Some(Pid::this()), next).collect()
}

fn proc(pid: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}
