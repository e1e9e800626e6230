//! The system calls and arguments with which the room serves. All others fail with `EPERM`.
//!
//! The list is a trace of the release build under load (`strace -f`: every transport, supervised and
//! alone, with `--json`, until a signal ends it), and what the same code calls on other processors
//! (arm64, riscv64) or with another C library (musl). The arguments are as narrow as that trace; the
//! comments say what a process that was taken over could do with others.
//! `tests/integration/serve/compromised/` tries all other calls from within, by number.
//!
//! A filter sees numbers, not what a pointer leads to. So calls whose arguments lie in memory
//! (`sendmsg`, `clone3`, `io_uring_enter`) are not allowed at all.

use nix::libc::{self, c_int, c_long};

/// A condition on one argument, by its place from 0. An `int` has 32 bits, a pointer 64.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArgumentCheck {
    /// The argument equals this value.
    Is(u8, c_int),
    /// No bit is set but these.
    Within(u8, c_int),
    /// These bits are set; of the others, at most the optional ones.
    With { at: u8, required: c_int, optional: c_int },
    /// The pointer is null: the call gets no address, mask or buffer.
    Null(u8),
    /// The descriptor is the room's listener.
    Listener(u8),
    /// The descriptor is not the room's listener.
    NotListener(u8),
}

/// A call that is allowed if every check of one alternative holds.
#[derive(Debug)]
pub(super) struct AllowedSyscall {
    /// Its number on this processor.
    pub(super) call: c_long,
    /// Empty: any arguments.
    pub(super) alternatives: &'static [&'static [ArgumentCheck]],
}

use ArgumentCheck::{Is, Listener, NotListener, Null, With, Within};

const fn always(call: c_long) -> AllowedSyscall {
    AllowedSyscall { call, alternatives: &[] }
}

const fn only(call: c_long, alternatives: &'static [&'static [ArgumentCheck]]) -> AllowedSyscall {
    AllowedSyscall { call, alternatives }
}

/// Memory for data: not executable, and not growing by itself (`PROT_GROWSDOWN`).
const DATA: c_int = libc::PROT_READ | libc::PROT_WRITE;

/// The whole list, in the order in which a connection needs them.
pub(super) const ALLOWED: &[AllowedSyscall] = &[
    // Accept a client, on the listener only; the connection is non-blocking and closed at exec.
    only(libc::SYS_accept4, &[&[Listener(0), Is(3, libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK)]]),
    // TCP_NODELAY: a message must not wait for the acknowledgement of the one before. No other option:
    // TCP_FASTOPEN_CONNECT makes write(2) connect, TCP_REPAIR lets root forge a connection, TCP_ULP and
    // SO_ATTACH_FILTER load code into the kernel.
    only(libc::SYS_setsockopt, &[&[Is(1, libc::IPPROTO_TCP), Is(2, libc::TCP_NODELAY)]]),
    // Receive from peers. No peeking, no error queue, no urgent data, no sender's address.
    only(libc::SYS_recvfrom, &[&[Within(3, libc::MSG_DONTWAIT), Null(4)]]),
    // The same by read(2), from a connection or the runtime's queue; a listener has nothing to read.
    always(libc::SYS_read),
    always(libc::SYS_readv),
    // Send to the connected peer only: with an address, MSG_FASTOPEN connects, and a datagram goes
    // anywhere. Only the flags of the trace: no MSG_OOB, no MSG_ZEROCOPY, no MSG_FASTOPEN.
    only(libc::SYS_sendto, &[&[Within(3, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL), Null(4)]]),
    // The same without flags and address; and lines on stdout when serve runs alone.
    always(libc::SYS_write),
    always(libc::SYS_writev),
    // End of stream to a client. By SHUT_RD or SHUT_RDWR, a listener becomes a socket that can connect.
    only(libc::SYS_shutdown, &[&[NotListener(0), Is(1, libc::SHUT_WR)]]),
    // Close a connection.
    always(libc::SYS_close),
    // Wait for events. The trace never passes a signal mask.
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_epoll_wait),
    only(libc::SYS_epoll_pwait, &[&[Null(4)]]),
    // Wait until a stdout that another process made non-blocking takes the rest of a line, when serve runs
    // alone. Only waits, for descriptors that the process has.
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_poll),
    only(libc::SYS_ppoll, &[&[Null(3)]]),
    // Choose what to wait for. These are all operations there are today.
    only(
        libc::SYS_epoll_ctl,
        &[
            &[Is(1, libc::EPOLL_CTL_ADD)],
            &[Is(1, libc::EPOLL_CTL_DEL)],
            &[Is(1, libc::EPOLL_CTL_MOD)],
        ],
    ),
    // Locks, and the thread that writes to stdout when serve runs alone. Waiting and waking only: the
    // operations that requeue waiters or inherit priority had exploitable faults (CVE-2014-3153,
    // CVE-2021-3347). C libraries wait for the end of a thread without PRIVATE.
    only(
        libc::SYS_futex,
        &[
            &[With { at: 1, required: libc::FUTEX_WAIT, optional: FUTEX_OPTIONS }],
            &[With { at: 1, required: libc::FUTEX_WAKE, optional: FUTEX_OPTIONS }],
            &[With { at: 1, required: libc::FUTEX_WAIT_BITSET, optional: FUTEX_OPTIONS }],
        ],
    ),
    // The time, on kernels that do not offer it without a call. Every process has a clock of its own,
    // numbered after its pid, which tells how busy it is.
    only(
        libc::SYS_clock_gettime,
        &[&[Is(0, libc::CLOCK_REALTIME)], &[Is(0, libc::CLOCK_MONOTONIC)]],
    ),
    // Tags, tokens, hash maps. Before Linux 5.6, GRND_RANDOM drains a pool that others wait for.
    only(libc::SYS_getrandom, &[&[Within(2, GRND_OPTIONS)]]),
    // Map memory: private, without a file or socket behind it, never over existing mappings, never from
    // the machine's few huge pages, never executable: injected code stays data.
    only(
        libc::SYS_mmap,
        &[&[
            Within(2, DATA),
            With {
                at: 3,
                required: libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                optional: libc::MAP_STACK | libc::MAP_NORESERVE,
            },
        ]],
    ),
    only(libc::SYS_mprotect, &[&[Within(2, DATA)]]),
    // Lock it, page by page as it is touched.
    only(libc::SYS_mlock2, &[&[Is(2, MLOCK_ONFAULT)]]),
    // Keep it out of core dumps; return the stack of a thread that ends; free, in musl. MADV_DODUMP
    // would undo the first, MADV_MERGEABLE lets other processes infer the content by timing, and
    // MADV_HWPOISON (root) takes pages from the machine.
    only(
        libc::SYS_madvise,
        &[&[Is(2, libc::MADV_DONTDUMP)], &[Is(2, libc::MADV_DONTNEED)], &[Is(2, libc::MADV_FREE)]],
    ),
    // Unmap it; grow the heap of the C library. Both only affect this process.
    always(libc::SYS_munmap),
    always(libc::SYS_brk),
    // A debug build checks that a descriptor is open before it closes it. F_DUPFD would give the
    // listener a second number, which no check knows; F_SETOWN sends signals to other processes.
    #[cfg(debug_assertions)]
    only(libc::SYS_fcntl, &[&[Is(1, libc::F_GETFD)]]),
    // End a thread; return from a signal handler. They only affect the calling thread.
    always(libc::SYS_rt_sigprocmask),
    always(libc::SYS_rt_sigreturn),
    always(libc::SYS_sigaltstack),
    // Die of a crash: std's handler for these resets the action and lets the instruction fail again;
    // without this call it would fail for ever. abort(3) does the same. For other signals the call
    // could make this process ignore one that ends it.
    only(
        libc::SYS_rt_sigaction,
        &[&[Is(0, libc::SIGSEGV)], &[Is(0, libc::SIGBUS)], &[Is(0, libc::SIGABRT)]],
    ),
    // Resume a wait after SIGSTOP and SIGCONT; yield on a contended lock; end a thread; exit.
    always(libc::SYS_restart_syscall),
    always(libc::SYS_sched_yield),
    always(libc::SYS_exit),
    always(libc::SYS_exit_group),
];

/// Flags of a wait: within this process, and by which clock.
const FUTEX_OPTIONS: c_int = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;

/// What std and C libraries pass early after boot (getrandom(2)); they fit into an `int`.
const GRND_OPTIONS: c_int = (libc::GRND_NONBLOCK | libc::GRND_INSECURE).cast_signed();

/// An `unsigned int` in the C library.
const MLOCK_ONFAULT: c_int = libc::MLOCK_ONFAULT.cast_signed();
