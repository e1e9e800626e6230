//! The system calls that the room still makes once it serves. All others answer "not permitted".
//!
//! The list is what a trace of the release build shows under load (`strace -f`), and what the same
//! code calls on other processors or C libraries; `tests/integration/serve/confined.rs` tries the rest.

use nix::libc::{self, c_long};
use seccompiler::{BpfProgram, Error, SeccompAction, SeccompCmpOp};

use super::Missing;
use super::filter::{Rule, answer, program, when};

/// A call that is allowed whatever its arguments are, and what for.
type Allowed = (c_long, &'static str);

/// In the order of a conversation.
const ALLOWED: &[Allowed] = &[
    (libc::SYS_accept4, "somebody comes"),
    (libc::SYS_recvfrom, "they speak; the supervisor speaks"),
    (libc::SYS_read, "the same, where std reads a socket as a file"),
    (libc::SYS_readv, "the same, into more than one buffer"),
    (libc::SYS_sendto, "they are told; the supervisor is told"),
    (libc::SYS_write, "the same, and a line on the screen when we are alone"),
    (libc::SYS_writev, "everything that is new to one of them, at once"),
    (libc::SYS_shutdown, "the end of a conversation"),
    (libc::SYS_close, "they are gone"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "waiting for any of this"),
    (libc::SYS_epoll_pwait, "the same, where there is no epoll_wait"),
    (libc::SYS_epoll_ctl, "whom to wait for"),
    (libc::SYS_futex, "locks, and the thread that writes to stdout when we are alone"),
    (libc::SYS_clock_gettime, "the time, where the kernel gives it no other way"),
    (libc::SYS_getrandom, "seats, tags and resume tokens"),
    (libc::SYS_munmap, "memory is given back"),
    (libc::SYS_mlock2, "new memory is locked"),
    (libc::SYS_madvise, "new memory is kept out of core dumps"),
    (libc::SYS_brk, "memory of the C library"),
    (libc::SYS_rt_sigprocmask, "a thread ends"),
    (libc::SYS_rt_sigreturn, "a signal was caught"),
    (libc::SYS_sigaltstack, "a thread ends"),
    (libc::SYS_restart_syscall, "a wait goes on after SIGSTOP and SIGCONT"),
    (libc::SYS_sched_yield, "a lock is contended"),
    (libc::SYS_exit, "a thread ends"),
    (libc::SYS_exit_group, "we end"),
];

/// From here on, no thread of this process can open, run, connect to, trace or signal anything.
/// Needs no privilege, and gives up for good the gaining of any (`PR_SET_NO_NEW_PRIVS`).
pub(crate) fn close_calls() -> Option<Missing> {
    let closed = allowed().and_then(|program| seccompiler::apply_filter_all_threads(&program));
    closed.err().map(|error| Missing::Filter { why: error.to_string() })
}

fn allowed() -> Result<BpfProgram, Error> {
    let mut rules: Vec<Rule> = ALLOWED.iter().map(|(call, _)| (*call, Vec::new())).collect();
    // Memory that can be run is not made any more: code that is smuggled in as data stays data.
    let data = (2, SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64), 0);
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.push((call, vec![when(std::slice::from_ref(&data))?]));
    }
    // A chat line must not wait for the acknowledgement of the one before.
    let undelayed = [
        (1, SeccompCmpOp::Eq, libc::IPPROTO_TCP as u64),
        (2, SeccompCmpOp::Eq, libc::TCP_NODELAY as u64),
    ];
    rules.push((libc::SYS_setsockopt, vec![when(&undelayed)?]));
    // Alone, we watch whether our reader is gone, through a copy of its descriptor.
    let copy = [(1, SeccompCmpOp::Eq, libc::F_DUPFD_CLOEXEC as u64)];
    // A build for debugging asks of every descriptor that it closes whether it was open.
    let open = [(1, SeccompCmpOp::Eq, libc::F_GETFD as u64)];
    rules.push((libc::SYS_fcntl, vec![when(&copy)?, when(&open)?]));
    // A crash ends us: std looks at these first, then takes its handler away and lets it happen again.
    // Where it could not, it would happen for ever. The same way goes abort(3), which may not kill us.
    let fatal = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT];
    let fatal =
        fatal.map(|signal| when(&[(0, SeccompCmpOp::Eq, u64::from(signal.unsigned_abs()))]));
    rules.push((libc::SYS_rt_sigaction, fatal.into_iter().collect::<Result<_, _>>()?));
    program(rules, SeccompAction::Allow, answer(libc::EPERM))
}
