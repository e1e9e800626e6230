//! The memory of another process (proc_pid_mem(5)), which only root may read.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::libc::PTRACE_EVENT_EXIT;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::canaries::Canaries;

const PAGE: usize = 4096;

/// A process must overwrite data within this time after their last use.
const WIPE_TIMEOUT: Duration = Duration::from_secs(2);

/// The kernel does not announce writes to memory, so it is read again and again.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// All memory of a process, except read-only mappings of files.
pub(super) struct ProcessMemory(Vec<Mapping>);

struct Mapping {
    /// Its line in `/proc/PID/maps`.
    line: String,
    start: u64,
    bytes: Vec<u8>,
}

impl ProcessMemory {
    pub(super) fn of(pid: u32) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
        let mappings = maps.lines().filter_map(|line| Mapping::read(&memory, line));
        let read = Self(mappings.collect());
        // The environment is on the stack: if it is missing, memory was not read.
        let stack = read.0.iter().find(|mapping| mapping.line.ends_with("[stack]")).unwrap();
        assert!(stack.bytes.windows(6).any(|bytes| bytes == b"\0PATH="), "{maps}");
        read
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|mapping| mapping.bytes.len()).sum()
    }

    /// A line for each copy of a canary: its name, its address, and the bytes around it.
    pub(super) fn copies(&self, canaries: &Canaries) -> Vec<String> {
        self.0.iter().flat_map(|mapping| mapping.copies(canaries)).collect()
    }
}

impl Mapping {
    /// `None` for read-only mappings of files, and for mappings that cannot be read.
    fn read(memory: &File, line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        let file = words.nth(3).is_some_and(|name| name.starts_with('/'));
        if !rights.starts_with('r') || (file && !rights.contains('w')) || line.contains("[v") {
            return None;
        }
        let (start, end) = range.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        let (start, end) = (address(start), address(end));
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Page by page if some pages are not readable; those stay zeros.
        if memory.read_exact_at(&mut bytes, start).is_err() {
            for (at, page) in (start..).step_by(PAGE).zip(bytes.chunks_mut(PAGE)) {
                let _ = memory.read_exact_at(page, at);
            }
        }
        Some(Self { line: line.to_owned(), start, bytes })
    }

    fn copies(&self, canaries: &Canaries) -> Vec<String> {
        let around = |at: usize| {
            let (from, to) = (at.saturating_sub(40), (at + 72).min(self.bytes.len()));
            self.bytes[from..to].escape_ascii()
        };
        let mut copies = Vec::new();
        for (begin, part) in nonzero_runs(&self.bytes) {
            copies.extend(canaries.find(part).into_iter().map(|(at, name)| {
                let at = begin + at;
                format!(
                    "{name} at {:x} in {}:\n    {}",
                    self.start + at as u64,
                    self.line,
                    around(at)
                )
            }));
        }
        copies
    }
}

/// Runs of pages that are not all zeros, with their offsets.
fn nonzero_runs(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let empty = [0; PAGE];
    let mut runs = Vec::new();
    let mut begin = None;
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        match (page == &empty[..page.len()], begin) {
            (true, Some(from)) => {
                runs.push((from, &bytes[from..number * PAGE]));
                begin = None;
            }
            (false, None) => begin = Some(number * PAGE),
            _ => {}
        }
    }
    runs.extend(begin.map(|from| (from, &bytes[from..])));
    runs
}

/// Waits until there are exactly `expected` copies; panics with the last copies that were found.
pub(super) fn wait_for_copies(pid: u32, canaries: &Canaries, expected: usize) {
    let deadline = Instant::now() + WIPE_TIMEOUT;
    loop {
        let copies = ProcessMemory::of(pid).copies(canaries);
        if copies.len() == expected {
            return;
        }
        let late = Instant::now() >= deadline;
        assert!(!late, "{} copies, not {expected}:\n{}", copies.len(), copies.join("\n"));
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Reads the memory of a process at its exit: after its last instruction, while everything is still
/// mapped (ptrace(2), `PTRACE_EVENT_EXIT`).
pub(super) struct ExitTracer(JoinHandle<ProcessMemory>);

impl ExitTracer {
    /// Attaches to a process, which need not be a child of this one.
    pub(super) fn attach(pid: u32) -> Self {
        let (seized, is_seized) = channel();
        // Only the thread that seized the process receives its events.
        let thread = std::thread::spawn(move || {
            let traced = Pid::from_raw(i32::try_from(pid).unwrap());
            ptrace::seize(traced, Options::PTRACE_O_TRACEEXIT).unwrap();
            seized.send(()).unwrap();
            loop {
                let event = waitpid(traced, Some(WaitPidFlag::__WALL)).unwrap();
                if let WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_EXIT) = event {
                    let memory = ProcessMemory::of(pid);
                    ptrace::detach(traced, None).unwrap();
                    return memory;
                }
                // A signal is delivered as if there were no tracer.
                let signal =
                    if let WaitStatus::Stopped(_, signal) = event { Some(signal) } else { None };
                ptrace::cont(traced, signal).unwrap();
            }
        });
        is_seized.recv().unwrap();
        Self(thread)
    }

    /// Waits for the exit.
    pub(super) fn memory_at_exit(self) -> ProcessMemory {
        self.0.join().unwrap()
    }
}
