//! The memory of another process, as the kernel shows it to root (proc_pid_mem(5)).

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::libc::PTRACE_EVENT_EXIT;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::search::Canaries;

const PAGE: usize = 4096;

/// How long a process has to overwrite what it has just finished with.
const DEADLINE: Duration = Duration::from_secs(2);

/// All memory of a process that is not just its program on disk.
pub(super) struct Memory(Vec<Mapping>);

struct Mapping {
    /// Its line in the maps.
    line: String,
    start: u64,
    bytes: Vec<u8>,
}

impl Memory {
    pub(super) fn of(pid: u32) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
        let mappings = maps.lines().filter_map(|line| Mapping::read(&memory, line));
        let read = Self(mappings.collect());
        // Whatever is looked for: this is there, if memory can be read at all.
        let stack = read.0.iter().find(|mapping| mapping.line.ends_with("[stack]")).unwrap();
        assert!(stack.bytes.windows(6).any(|bytes| bytes == b"\0PATH="), "{maps}");
        read
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|mapping| mapping.bytes.len()).sum()
    }

    /// Every copy of a canary: what, where, and what is around it.
    pub(super) fn copies(&self, canaries: &Canaries) -> Vec<String> {
        self.0.iter().flat_map(|mapping| mapping.copies(canaries)).collect()
    }
}

impl Mapping {
    /// None of what is a file on disk, or cannot be read at all.
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
        // Page by page where not all of it is there; given back in the meantime: nothing.
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
        for (begin, part) in parts_with_content(&self.bytes) {
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

/// The pages that are not all zeros, where they follow each other in one piece.
fn parts_with_content(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let empty = [0; PAGE];
    let mut parts = Vec::new();
    let mut begin = None;
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        match (page == &empty[..page.len()], begin) {
            (true, Some(from)) => {
                parts.push((from, &bytes[from..number * PAGE]));
                begin = None;
            }
            (false, None) => begin = Some(number * PAGE),
            _ => {}
        }
    }
    parts.extend(begin.map(|from| (from, &bytes[from..])));
    parts
}

/// Looks until there are so many copies and no more, and fails with everything that is there to the
/// last.
pub(super) fn assert_holds(pid: u32, canaries: &Canaries, expected: usize) {
    let end = Instant::now() + DEADLINE;
    loop {
        let copies = Memory::of(pid).copies(canaries);
        if copies.len() == expected {
            return;
        }
        let late = Instant::now() >= end;
        assert!(!late, "{} copies, not {expected}:\n{}", copies.len(), copies.join("\n"));
        // The kernel tells nobody when memory is written to.
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process whose memory is read at the very end: it has run its last instruction, and everything
/// is still mapped (ptrace(2), `PTRACE_EVENT_EXIT`).
pub(super) struct Traced(JoinHandle<Memory>);

impl Traced {
    /// From here on. Whose child it is does not matter.
    pub(super) fn from_now(pid: u32) -> Self {
        let (seized, is_seized) = channel();
        // The thread that seizes is the one that is told.
        let thread = std::thread::spawn(move || {
            let traced = Pid::from_raw(i32::try_from(pid).unwrap());
            ptrace::seize(traced, Options::PTRACE_O_TRACEEXIT).unwrap();
            seized.send(()).unwrap();
            loop {
                let what = waitpid(traced, Some(WaitPidFlag::__WALL)).unwrap();
                if let WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_EXIT) = what {
                    let memory = Memory::of(pid);
                    ptrace::detach(traced, None).unwrap();
                    return memory;
                }
                // A signal goes on to where it was sent.
                let signal =
                    if let WaitStatus::Stopped(_, signal) = what { Some(signal) } else { None };
                ptrace::cont(traced, signal).unwrap();
            }
        });
        is_seized.recv().unwrap();
        Self(thread)
    }

    /// Its memory when it ended.
    pub(super) fn at_its_end(self) -> Memory {
        self.0.join().unwrap()
    }
}
