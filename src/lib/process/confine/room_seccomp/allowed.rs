//! The system calls that the room still makes once it serves, and for which arguments. All others
//! answer "not permitted".
//!
//! The list is what a trace of the release build shows under load (`strace -f`: every transport,
//! supervised and alone, with `--json`, to the end by a signal), and what the same code calls on
//! other processors (arm64, riscv64) or with another C library (musl). What a call is allowed for is
//! as narrow as that trace: beside each stands what a process that was taken over could do without
//! the limit. `tests/integration/serve/taken_over/` tries all others from within, by number.
//!
//! A filter sees numbers, not what a pointer leads to. So calls whose meaning lies in memory
//! (`sendmsg`, `clone3`, `io_uring_enter`) are on no list.

use nix::libc::{self, c_int, c_long};

/// What must hold for one argument of a call. Places count from 0.
///
/// The kernel takes an `int` from the lower half of a register and ignores the upper one, so numbers
/// are compared by their lower 32 bits. A pointer counts as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArgumentCheck {
    /// The number is this one.
    Is(u8, c_int),
    /// No bit is set beside these.
    Within(u8, c_int),
    /// These bits are set; of the others, at most the optional ones.
    With { at: u8, required: c_int, optional: c_int },
    /// The pointer leads nowhere.
    Null(u8),
    /// The descriptor is the room's listener.
    Listener(u8),
    /// The descriptor is another one.
    NotListener(u8),
}

/// A call that is allowed if all checks of one of the alternatives hold.
#[derive(Debug)]
pub(super) struct AllowedSyscall {
    pub(super) call: c_long,
    /// Empty: for all arguments.
    pub(super) alternatives: &'static [&'static [ArgumentCheck]],
}

use ArgumentCheck::{Is, Listener, NotListener, Null, With, Within};

const fn always(call: c_long) -> AllowedSyscall {
    AllowedSyscall { call, alternatives: &[] }
}

const fn only(call: c_long, alternatives: &'static [&'static [ArgumentCheck]]) -> AllowedSyscall {
    AllowedSyscall { call, alternatives }
}

/// Memory holds data. It cannot be run, and it does not grow by itself.
const DATA: c_int = libc::PROT_READ | libc::PROT_WRITE;

/// Everything that may be called, in the order of a conversation.
pub(super) const ALLOWED: &[AllowedSyscall] = &[
    // A client connects. Only the listener is accepted on, and what comes is closed at exec and does not
    // wait.
    only(libc::SYS_accept4, &[&[Listener(0), Is(3, libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK)]]),
    // A chat line must not wait for the acknowledgement of the one before. Every other option is
    // refused: TCP_FASTOPEN_CONNECT lets write(2) dial, TCP_REPAIR lets root make up a connection,
    // TCP_ULP and SO_ATTACH_FILTER load code of the kernel.
    only(libc::SYS_setsockopt, &[&[Is(1, libc::IPPROTO_TCP), Is(2, libc::TCP_NODELAY)]]),
    // They speak; the supervisor speaks. No peeking, no error queue, no urgent data, and nobody's
    // address.
    only(libc::SYS_recvfrom, &[&[Within(3, libc::MSG_DONTWAIT), Null(4)]]),
    // The same, where std reads a socket as a file. A listener has nothing to read, and whatever else
    // is open is a connection or a queue of our own.
    always(libc::SYS_read),
    always(libc::SYS_readv),
    // They are told; the supervisor is told. To the one at the other end and to no address: with one,
    // MSG_FASTOPEN dials on a socket that is not connected, and a datagram goes anywhere. Without the
    // flags that were never seen no MSG_OOB, no MSG_ZEROCOPY, no MSG_FASTOPEN.
    only(libc::SYS_sendto, &[&[Within(3, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL), Null(4)]]),
    // The same, and a line on the screen when we are alone; and everything that is new to one of them,
    // at once. They have neither flags nor address.
    always(libc::SYS_write),
    always(libc::SYS_writev),
    // The end of a conversation: we have said everything. Closing the other direction of a listener
    // (SHUT_RD, SHUT_RDWR) makes a bare socket of it, which could dial.
    only(libc::SYS_shutdown, &[&[NotListener(0), Is(1, libc::SHUT_WR)]]),
    // They are gone.
    always(libc::SYS_close),
    // Waiting for any of this. A mask of signals comes with a call that is not ours.
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_epoll_wait),
    only(libc::SYS_epoll_pwait, &[&[Null(4)]]),
    // Whom to wait for. There are no other operations today.
    only(
        libc::SYS_epoll_ctl,
        &[
            &[Is(1, libc::EPOLL_CTL_ADD)],
            &[Is(1, libc::EPOLL_CTL_DEL)],
            &[Is(1, libc::EPOLL_CTL_MOD)],
        ],
    ),
    // Locks, and the thread that writes to stdout when we are alone. Waiting and waking only: the
    // operations that move waiters or pass on priority are where kernels were taken over
    // (CVE-2014-3153, CVE-2021-3347). C libraries wait for the end of a thread without PRIVATE.
    only(
        libc::SYS_futex,
        &[
            &[With { at: 1, required: libc::FUTEX_WAIT, optional: FUTEX_OPTIONS }],
            &[With { at: 1, required: libc::FUTEX_WAKE, optional: FUTEX_OPTIONS }],
            &[With { at: 1, required: libc::FUTEX_WAIT_BITSET, optional: FUTEX_OPTIONS }],
        ],
    ),
    // The time, where the kernel gives it no other way. Other clocks tell how busy another process
    // is: the clock of each is a number made of its own.
    only(
        libc::SYS_clock_gettime,
        &[&[Is(0, libc::CLOCK_REALTIME)], &[Is(0, libc::CLOCK_MONOTONIC)]],
    ),
    // Seats, tags and resume tokens, and seeds of hash maps. GRND_RANDOM would empty what others wait
    // for, before Linux 5.6.
    only(libc::SYS_getrandom, &[&[Within(2, GRND_OPTIONS)]]),
    // New memory: of our own, without a file or a socket behind it, not in the place of other memory,
    // not from the few large pages of the machine. Code that is smuggled in as data stays data.
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
    // It is locked as it is touched.
    only(libc::SYS_mlock2, &[&[Is(2, MLOCK_ONFAULT)]]),
    // It is kept out of core dumps, and a thread gives its stack back; musl frees. MADV_DODUMP would
    // bring it into dumps again, MADV_MERGEABLE share it with processes that can then measure what is
    // in it, MADV_HWPOISON (root) break the machine's.
    only(
        libc::SYS_madvise,
        &[&[Is(2, libc::MADV_DONTDUMP)], &[Is(2, libc::MADV_DONTNEED)], &[Is(2, libc::MADV_FREE)]],
    ),
    // It is given back; and memory of the C library. Our own, whatever the arguments.
    always(libc::SYS_munmap),
    always(libc::SYS_brk),
    #[cfg(debug_assertions)]
    // A build for debugging asks of every descriptor that it closes whether it was open. F_DUPFD
    // would give the listener a number that no check knows, F_SETOWN send signals to others.
    only(libc::SYS_fcntl, &[&[Is(1, libc::F_GETFD)]]),
    // A thread ends; a signal was caught. Numbers of signals lie behind the pointer, and all of it is
    // about this thread.
    always(libc::SYS_rt_sigprocmask),
    always(libc::SYS_rt_sigreturn),
    always(libc::SYS_sigaltstack),
    // A crash ends us: std looks at these first, then takes its handler away and lets it happen again.
    // Where it could not, it would happen for ever. The same way goes abort(3), which may not kill us.
    // Any other would turn a signal that ends us into one that does not.
    only(
        libc::SYS_rt_sigaction,
        &[&[Is(0, libc::SIGSEGV)], &[Is(0, libc::SIGBUS)], &[Is(0, libc::SIGABRT)]],
    ),
    // A wait goes on after SIGSTOP and SIGCONT; a lock is contended; a thread ends; we end.
    always(libc::SYS_restart_syscall),
    always(libc::SYS_sched_yield),
    always(libc::SYS_exit),
    always(libc::SYS_exit_group),
];

/// Of a wait: within this process, and by which clock.
const FUTEX_OPTIONS: c_int = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;

/// What std and C libraries ask with while the kernel has no randomness yet (getrandom(2)); they
/// fit into an `int`.
const GRND_OPTIONS: c_int = (libc::GRND_NONBLOCK | libc::GRND_INSECURE).cast_signed();

/// mlock2(2): pages are locked as they are touched.
const MLOCK_ONFAULT: c_int = libc::MLOCK_ONFAULT.cast_signed();
