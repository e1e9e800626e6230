//! The calls that are allowed with some arguments only, and what an attacker could do with others.

use nix::libc::{self, c_int};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{Error, SeccompCmpOp, SeccompRule};

use crate::process::confine::seccomp::{Rule, int_bits, when, when_null};

/// Allowed flags of send(2). `MSG_FASTOPEN` would connect past Landlock's rules for ports.
const SEND_FLAGS: c_int = libc::MSG_MORE | libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// Flags with which clone(2) makes anything but a thread.
const NOT_A_THREAD: c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_PTRACE
    | libc::CLONE_VFORK;

/// Socket options that may be set, by level: those of Go, quic-go, the resolvers of C libraries and
/// Rust. Others change what a socket is (`TCP_ULP`, `TCP_REPAIR`), connect without connect(2)
/// (`TCP_FASTOPEN_CONNECT`), bind it to a device or a mark, or had exploitable faults.
const SETTABLE: &[(c_int, &[c_int])] = &[
    (
        libc::SOL_SOCKET,
        &[
            libc::SO_REUSEADDR,
            libc::SO_BROADCAST,
            libc::SO_KEEPALIVE,
            libc::SO_LINGER,
            libc::SO_SNDBUF,
            libc::SO_RCVBUF,
            libc::SO_SNDTIMEO,
            libc::SO_RCVTIMEO,
        ],
    ),
    (
        libc::IPPROTO_TCP,
        &[
            libc::TCP_NODELAY,
            libc::TCP_KEEPIDLE,
            libc::TCP_KEEPINTVL,
            libc::TCP_KEEPCNT,
            libc::TCP_USER_TIMEOUT,
            libc::TCP_QUICKACK,
        ],
    ),
    (
        libc::IPPROTO_IP,
        &[
            libc::IP_TOS,
            libc::IP_TTL,
            libc::IP_PKTINFO,
            libc::IP_RECVERR,
            libc::IP_RECVTOS,
            libc::IP_MTU_DISCOVER,
        ],
    ),
    (
        libc::IPPROTO_IPV6,
        &[
            libc::IPV6_V6ONLY,
            libc::IPV6_UNICAST_HOPS,
            libc::IPV6_MTU_DISCOVER,
            libc::IPV6_RECVERR,
            libc::IPV6_RECVPKTINFO,
            libc::IPV6_RECVTCLASS,
            libc::IPV6_TCLASS,
        ],
    ),
    (libc::IPPROTO_UDP, &[libc::UDP_SEGMENT, libc::UDP_GRO]),
];

/// Socket options that may be read, by level. Others have effects, such as mapping received data.
const READABLE: &[(c_int, &[c_int])] = &[
    (
        libc::SOL_SOCKET,
        &[libc::SO_ERROR, libc::SO_TYPE, libc::SO_SNDBUF, libc::SO_RCVBUF, libc::SO_ACCEPTCONN],
    ),
    (libc::IPPROTO_TCP, &[libc::TCP_NODELAY, libc::TCP_INFO]),
    (libc::IPPROTO_UDP, &[libc::UDP_SEGMENT]),
];

/// Every call that is allowed with some arguments; `own_pid` is the only process that may be signalled.
pub(super) fn arguments(own_pid: u32) -> Result<Vec<Rule>, Error> {
    let mut rules = memory_and_threads(own_pid)?;
    rules.extend(descriptors()?);
    rules.extend(sockets()?);
    Ok(rules)
}

/// Matches multipath TCP, which Landlock's rules for ports do not cover. Go falls back to plain TCP.
pub(super) fn multipath() -> Result<Rule, Error> {
    Ok((libc::SYS_socket, vec![when(&[eq(2, libc::IPPROTO_MPTCP)])?]))
}

fn memory_and_threads(own_pid: u32) -> Result<Vec<Rule>, Error> {
    let own = u64::from(own_pid);
    let data = masked(2, libc::PROT_EXEC, 0);
    let code = masked(2, libc::PROT_EXEC | libc::PROT_WRITE, libc::PROT_EXEC);
    let of_a_file = masked(3, libc::MAP_ANONYMOUS, 0);
    let thread = masked(0, libc::CLONE_THREAD | NOT_A_THREAD, libc::CLONE_THREAD);
    Ok(vec![
        // Executable memory only from files and never writable: Go generates no code at run time, and
        // injected code stays data.
        (libc::SYS_mmap, vec![when(std::slice::from_ref(&data))?, when(&[code, of_a_file])?]),
        (libc::SYS_mprotect, vec![when(&[data])?]),
        // Threads only: a process that forks twice escapes every death signal. clone3(2), whose flags
        // lie behind a pointer, is in no list; callers fall back to clone(2).
        (libc::SYS_clone, vec![when(&[thread])?]),
        // Go interrupts its own threads; other processes of the same user must not be signalled.
        (libc::SYS_tgkill, vec![when(&[(0, Eq, own)])?]),
        (libc::SYS_kill, vec![when(&[(0, Eq, own)])?]),
        // Go reads its own limits and raises that of open files; those of other processes it may not.
        (
            libc::SYS_prlimit64,
            vec![
                when(&[eq(0, 0), eq(1, libc::RLIMIT_NOFILE as c_int)])?,
                when_null(2, &[eq(0, 0)])?,
            ],
        ),
        // Names of threads and memory, and what applying the next filter takes. Not the death signal,
        // and not `PR_SET_DUMPABLE`, which would hide the session's mark in its environment.
        (
            libc::SYS_prctl,
            one_of(
                0,
                &[
                    libc::PR_SET_NAME,
                    libc::PR_GET_NAME,
                    libc::PR_SET_VMA,
                    libc::PR_SET_NO_NEW_PRIVS,
                ],
            )?,
        ),
        // A further filter can only forbid more.
        (
            libc::SYS_seccomp,
            vec![when(&[(0, Eq, u64::from(libc::SECCOMP_SET_MODE_FILTER)), eq(1, 0)])?],
        ),
    ])
}

fn descriptors() -> Result<Vec<Rule>, Error> {
    let commands =
        [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC, libc::F_GETFD, libc::F_SETFD, libc::F_GETFL];
    let mut fcntl = one_of(1, &commands)?;
    // Not O_ASYNC: with an owner set, a descriptor sends signals to other processes.
    fcntl.push(when(&[eq(1, libc::F_SETFL), masked(2, libc::O_ASYNC, 0)])?);
    let requests = [libc::TCGETS, libc::TIOCGWINSZ, libc::FIONBIO, libc::FIONREAD, libc::FIOCLEX];
    let ioctl = requests.map(|request| when(&[(1, Eq, request & u64::from(u32::MAX))]));
    Ok(vec![
        (libc::SYS_fcntl, fcntl),
        // Whether it is a terminal, its size, flags; no request to a device or driver.
        (libc::SYS_ioctl, ioctl.into_iter().collect::<Result<_, _>>()?),
    ])
}

fn sockets() -> Result<Vec<Rule>, Error> {
    let (stream, datagram) = (libc::SOCK_STREAM, libc::SOCK_DGRAM);
    let kinds =
        [(stream, 0), (stream, libc::IPPROTO_TCP), (datagram, 0), (datagram, libc::IPPROTO_UDP)];
    let mut socket = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, protocol) in kinds {
            socket.push(when(&[eq(0, family), masked(1, TYPE_MASK, kind), eq(2, protocol)])?);
        }
    }
    let pair = [eq(0, libc::AF_UNIX), masked(1, TYPE_MASK, stream), eq(2, 0)];
    let sends = |at| Ok::<_, Error>(vec![when(&[masked(at, !SEND_FLAGS, 0)])?]);
    Ok(vec![
        // TCP and UDP. No Unix sockets (docker, D-Bus; names are resolved without them), no raw or
        // packet sockets, no netlink, no rare families.
        (libc::SYS_socket, socket),
        // tokio's signal handler wakes it by one. A stream pair cannot be connected elsewhere.
        (libc::SYS_socketpair, vec![when(&pair)?]),
        (libc::SYS_sendto, sends(3)?),
        (libc::SYS_sendmsg, sends(2)?),
        (libc::SYS_sendmmsg, sends(3)?),
        (libc::SYS_setsockopt, options(SETTABLE)?),
        (libc::SYS_getsockopt, options(READABLE)?),
    ])
}

/// The bits of socket(2)'s second argument that are the socket's type; above them are flags.
const TYPE_MASK: c_int = 0xf;

fn options(levels: &[(c_int, &[c_int])]) -> Result<Vec<SeccompRule>, Error> {
    let all = levels.iter().flat_map(|(level, names)| names.iter().map(|name| (*level, *name)));
    all.map(|(level, name)| when(&[eq(1, level), eq(2, name)])).collect()
}

fn one_of(at: u8, values: &[c_int]) -> Result<Vec<SeccompRule>, Error> {
    values.iter().map(|value| when(&[eq(at, *value)])).collect()
}

fn eq(at: u8, value: c_int) -> (u8, SeccompCmpOp, u64) {
    (at, Eq, int_bits(value))
}

fn masked(at: u8, mask: c_int, value: c_int) -> (u8, SeccompCmpOp, u64) {
    (at, MaskedEq(int_bits(mask)), int_bits(value))
}
