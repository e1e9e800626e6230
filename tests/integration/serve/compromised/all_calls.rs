//! The whole list of system calls.

use std::collections::BTreeSet;

use nix::libc::{self, c_long};

use super::process::{ALL, CompromisedProcess, REFUSED, flag, socket_descriptor};
use crate::serve::server::Server;

/// Above the newest call of Linux 6.18.
const LAST_CALL: i64 = 470;

/// Allowed with any arguments.
const ALWAYS: [c_long; 13] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_munmap,
    libc::SYS_brk,
    libc::SYS_rt_sigprocmask,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_epoll_wait,
    libc::SYS_poll,
];

/// Allowed with zeros, which are arguments that the room uses.
const WITH_ZEROS: [c_long; 6] = [
    libc::SYS_mprotect,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_epoll_pwait,
];

/// Not tried, because they end the process or move its execution, or wait for ever for no descriptor
/// (`ppoll`, which is tried below). The last two are `uretprobe` and
/// `uprobe`, which no filter sees since Linux 6.11 and 6.18 (kernel/seccomp.c): they are for the code
/// that the kernel puts into a traced process, and end every other caller with SIGILL.
const NOT_TRIED: [c_long; 6] =
    [libc::SYS_exit, libc::SYS_exit_group, libc::SYS_rt_sigreturn, libc::SYS_ppoll, 335, 336];

/// Number by number, with arguments that are invalid for all calls: those not on the list are refused.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn of_all_calls_only_those_on_the_list_are_not_refused() {
    let server = Server::with(&["--require-confinement"], "{}");
    let listener = socket_descriptor(&server, "0A");
    let room = CompromisedProcess::stop(server.pid());
    let tries = [[ALL; 6], [ALL, 0, 0, 0, 0, 0]];
    let found: BTreeSet<c_long> = (0..=LAST_CALL)
        .filter(|call| !NOT_TRIED.contains(call))
        .filter(|call| tries.iter().any(|arguments| room.call(*call, *arguments) != REFUSED))
        .collect();
    let listed: BTreeSet<c_long> = ALWAYS.into_iter().chain(WITH_ZEROS).collect();
    assert_eq!(found, listed);
    // Calls that are allowed with certain arguments only.
    let (one, tcp) = (1, flag(libc::IPPROTO_TCP));
    let accept_flags = flag(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    let own = flag(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    for (call, arguments) in [
        (libc::SYS_accept4, [listener, 0, 0, accept_flags, 0, 0]),
        (libc::SYS_setsockopt, [ALL, tcp, flag(libc::TCP_NODELAY), 0, 4, 0]),
        (libc::SYS_shutdown, [ALL, flag(libc::SHUT_WR), 0, 0, 0, 0]),
        (libc::SYS_epoll_ctl, [ALL, one, ALL, 0, 0, 0]),
        (libc::SYS_clock_gettime, [one, 0, 0, 0, 0, 0]),
        // With a time limit that cannot be read, so that it does not wait.
        (libc::SYS_ppoll, [0, 0, ALL, 0, 0, 0]),
        // Of no bytes: allowed by the filter, and nothing is mapped.
        (libc::SYS_mmap, [0, 0, 3, own, ALL, 0]),
        (libc::SYS_mlock2, [0, 0, one, 0, 0, 0]),
        (libc::SYS_madvise, [0, 0, flag(libc::MADV_DONTDUMP), 0, 0, 0]),
        (libc::SYS_rt_sigaction, [flag(libc::SIGSEGV), 0, 0, 8, 0, 0]),
    ] {
        assert_ne!(room.call(call, arguments), REFUSED, "{call} {arguments:?}");
    }
    drop(room);
    server.stop();
}
