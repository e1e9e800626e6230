//! Signals that the program before this one has blocked, ignored or left pending (signal(7)).

use std::path::Path;

use nix::sys::signal::{SigSet, Signal};

use crate::paths::{self, Owner};

/// Bound on `/proc/self/status`, which has about 1.5 KiB.
const MAX_STATUS_BYTES: u64 = 64 * 1024;

/// A queue of real-time signals that is longer than this is not emptied.
const MAX_DISCARDED: usize = 1024;

/// Signals that ask a program to end. One that is pending when the program starts ends it.
const TERMINATION: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT];

/// Signals that stay blocked: their default action ends the program, and none of them asks for that.
/// XFSZ: a write beyond the limit on the size of files fails instead (setrlimit(2)). VTALRM, PROF:
/// interval timers of the program before this one, which no safe call stops. IO: input on a terminal
/// that was set to announce it (fcntl(2), `O_ASYNC`).
const BLOCKED: [Signal; 4] = [Signal::SIGXFSZ, Signal::SIGVTALRM, Signal::SIGPROF, Signal::SIGIO];

/// Signals that a guard blocks: those that ask a program to end or to stop. It is to outlive a session
/// that they end.
pub(in crate::process) const GUARD_BLOCKED: [Signal; 5] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP];

/// Faults that tokio catches no more than KILL. They end a program even if they are ignored.
const FAULTS: [Signal; 3] = [Signal::SIGILL, Signal::SIGFPE, Signal::SIGSEGV];

/// Signals 32 and 33, which the C library uses between threads and lets no program catch (nptl(7)).
const OF_THE_C_LIBRARY: u64 = 0b11 << 31;

/// A set of signals: bit N-1 stands for the signal N.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SignalBits(u64);

/// The sets of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SignalMasks {
    ignored: SignalBits,
    pending: SignalBits,
}

impl SignalBits {
    /// The numbers, in ascending order.
    pub(super) fn numbers(self) -> impl Iterator<Item = i32> {
        (1..=64).filter(move |number| self.0 & (1 << (number - 1)) != 0)
    }

    fn without(self, signals: &[Signal]) -> Self {
        let bits = |signal: &Signal| 1 << (*signal as i32 - 1);
        Self(signals.iter().fold(self.0, |rest, signal| rest & !bits(signal)))
    }
}

impl SignalMasks {
    /// The ignored signals that a program can catch. Without PIPE, which std ignores before `main`, and
    /// whose default action it restores in children.
    pub(super) fn ignored(self) -> SignalBits {
        let ignored = self.ignored.without(&FAULTS).without(&[Signal::SIGPIPE]);
        SignalBits(ignored.0 & !OF_THE_C_LIBRARY)
    }

    /// The signals that would be delivered as soon as they are unblocked, and do not ask for the end.
    pub(super) fn pending(self) -> SignalBits {
        self.pending.without(&TERMINATION).without(&BLOCKED)
    }

    /// From the text of `/proc/self/status` (proc_pid_status(5)); a line that is missing is an empty set.
    fn parse(status: &str) -> Self {
        let bits = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
        };
        Self {
            ignored: SignalBits(bits("SigIgn:")),
            // Those of the thread and those of the process.
            pending: SignalBits(bits("SigPnd:") | bits("ShdPnd:")),
        }
    }
}

/// The sets of this process; empty ones when `/proc` cannot be read.
pub(super) fn read_masks() -> SignalMasks {
    let path = Path::new("/proc/self/status");
    let status = paths::read_file(path, Owner::Anyone, MAX_STATUS_BYTES).unwrap_or_default();
    SignalMasks::parse(&String::from_utf8_lossy(&status))
}

/// Blocks [`BLOCKED`].
pub(super) fn block() {
    // Fails for no set.
    let _ = SigSet::from_iter(BLOCKED).thread_block();
}

/// Unblocks all signals but [`BLOCKED`] and `kept`, after the `pending` ones were taken out of the queue:
/// most of them would end this program. Threads that are started later have the same mask.
pub(super) fn unblock_except(kept: &[Signal], mut pending: SignalBits) {
    let mut taken = SigSet::all();
    TERMINATION.iter().chain(&BLOCKED).for_each(|signal| taken.remove(*signal));
    for _ in 0..MAX_DISCARDED {
        if pending == SignalBits::default() {
            break;
        }
        // Returns at once, because one is pending. An error means that nix has no name for it.
        let _ = taken.wait();
        pending = read_masks().pending();
    }
    // Fails for no set.
    let _ = BLOCKED.iter().chain(kept).copied().collect::<SigSet>().thread_set_mask();
}

/// Blocks no signal in this thread, for a program that replaces this one (execve(2) keeps the mask).
pub(crate) fn unblock_all() {
    // Fails for no set.
    let _ = SigSet::empty().thread_set_mask();
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tx\nSigQ:\t1/96365\nSigPnd:\t0000000000000200\nShdPnd:\t8000000000004000\n\
                          SigBlk:\t0000000000014000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";

    #[test]
    fn sets_are_read_from_the_status() {
        let masks = SignalMasks::parse(STATUS);
        assert_eq!(masks.ignored().numbers().collect::<Vec<_>>(), [1], "HUP, without PIPE");
        assert_eq!(masks.pending().numbers().collect::<Vec<_>>(), [10, 64], "USR1, without TERM");
        let all = SignalMasks::parse("SigIgn:\tffffffffffffffff\n");
        assert_eq!(all.ignored().numbers().count(), 58);
        assert!(all.ignored().numbers().all(|number| ![4, 8, 11, 13, 32, 33].contains(&number)));
        assert_eq!(SignalMasks::parse("").ignored().numbers().count(), 0);
        assert_eq!(SignalMasks::parse("SigIgn:\tx\n"), SignalMasks::default());
    }

    #[test]
    fn every_signal_has_its_bit() {
        assert_eq!(SignalBits(u64::MAX).numbers().count(), 64);
        let one = SignalBits(u64::MAX).without(&[Signal::SIGHUP]);
        assert_eq!(one.numbers().next(), Some(2));
    }
}
