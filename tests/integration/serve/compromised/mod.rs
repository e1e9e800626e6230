//! A confined room that somebody has taken over can do nothing but talk: calls are made in its name,
//! from within, by number and argument. As root, who may trace it; on x86-64, whose registers this
//! knows.

mod process;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::linux::fs::MetadataExt as _;

use nix::libc::{self, c_int, c_long};

use super::server::Server;
use process::TakenOver;

const REFUSED: i64 = -(libc::EPERM as i64);
/// No descriptor, no pointer, and every flag.
const ALL: u64 = u64::MAX;
/// Beyond the newest call of Linux 6.18.
const CALLS: i64 = 470;

/// Allowed whatever the arguments are.
const ALWAYS: [c_long; 12] = [
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
];

/// The same, where zeros are arguments that the room uses.
const WITH_ZEROS: [c_long; 6] = [
    libc::SYS_mprotect,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_epoll_pwait,
];

/// They end the process, or go on elsewhere in it, so they are not tried. The last two are
/// `uretprobe` and `uprobe`, which no filter sees since Linux 6.11 and 6.18 (kernel/seccomp.c): they
/// belong to the code that the kernel puts into a process under trace, and end every other caller
/// with SIGILL.
const NOT_TRIED: [c_long; 5] =
    [libc::SYS_exit, libc::SYS_exit_group, libc::SYS_rt_sigreturn, 335, 336];

fn root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// The descriptor of the socket with this state (`0A` listens, `01` is connected; proc_net_tcp(5)).
fn socket(server: &Server, state: &str) -> u64 {
    let pid = server.pid();
    let port = format!(":{:04X}", server.address().port());
    let sockets = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let mut fields = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = fields.find(|of| of[1].ends_with(&port) && of[3] == state).unwrap();
    let inode: u64 = found[9].parse().unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(Result::unwrap);
    let mut leads = open
        .filter(|entry| std::fs::metadata(entry.path()).is_ok_and(|meta| meta.st_ino() == inode));
    let number = leads.next().unwrap().file_name().to_str().unwrap().parse().unwrap();
    assert!(leads.next().is_none(), "one descriptor leads to it");
    number
}

/// An address of TCP or UDP on this computer (`struct sockaddr_in`).
fn address(port: u16) -> [u8; 16] {
    let [high, low] = port.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&[2, 0, high, low, 127, 0, 0, 1]);
    bytes
}

fn flag(number: c_int) -> u64 {
    u64::from(number.cast_unsigned())
}

/// The attack that reached another service, in both of its parts, and in others' words.
#[test]
#[expect(clippy::too_many_lines, reason = "most of it is a table of calls")]
fn no_socket_that_it_has_can_be_turned_into_a_connection() {
    if !root() {
        return;
    }
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    service.set_nonblocking(true).unwrap();
    let server = Server::with(&["--require-confinement"], "{}");
    let ana = server.join("Ana");
    let (listener, connection) = (socket(&server, "0A"), socket(&server, "01"));
    let room = TakenOver::stop(server.pid());
    let to = room.put(&address(service.local_addr().unwrap().port()));
    let wild = (flag(libc::MSG_FASTOPEN), flag(libc::MSG_NOSIGNAL));
    let mut tried = Vec::new();
    for socket in [listener, connection, 0, 2] {
        // Twice: a call that is refused must not have changed what comes after it.
        for (call, arguments) in [
            (libc::SYS_connect, [socket, to, 16, 0, 0, 0]),
            (libc::SYS_sendto, [socket, to, 1, wild.0, to, 16]),
            (libc::SYS_sendto, [socket, to, 1, wild.0, 0, 0]),
            (libc::SYS_sendto, [socket, to, 1, wild.1, to, 16]),
            (libc::SYS_sendto, [socket, to, 1, 0, to, 0]),
            // A pointer whose lower half is nothing.
            (libc::SYS_sendto, [socket, to, 1, 0, 1 << 32, 16]),
            // Bits that the kernel does not see do not hide one that it sees.
            (libc::SYS_sendto, [socket, to, 1, (1 << 32) | wild.0, to, 16]),
            (libc::SYS_shutdown, [socket, flag(libc::SHUT_RD), 0, 0, 0, 0]),
            (libc::SYS_shutdown, [socket, flag(libc::SHUT_RDWR), 0, 0, 0, 0]),
            (libc::SYS_shutdown, [socket, (1 << 32) | flag(libc::SHUT_RD), 0, 0, 0, 0]),
            (libc::SYS_sendto, [socket, to, 1, wild.0, to, 16]),
            (libc::SYS_sendmsg, [socket, to, 0, 0, 0, 0]),
            (libc::SYS_sendmmsg, [socket, to, 1, 0, 0, 0]),
            (libc::SYS_listen, [socket, 1, 0, 0, 0, 0]),
            (libc::SYS_bind, [socket, to, 16, 0, 0, 0]),
            (libc::SYS_dup, [socket, 0, 0, 0, 0, 0]),
            (libc::SYS_dup2, [socket, 30, 0, 0, 0, 0]),
            (libc::SYS_dup3, [socket, 30, 0, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_DUPFD), 30, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_DUPFD_CLOEXEC), 30, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_SETFD), 0, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_SETFL), 0, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_SETOWN), 1, 0, 0, 0]),
            (libc::SYS_ioctl, [socket, 0x5421, to, 0, 0, 0]),
            (libc::SYS_recvfrom, [socket, to, 1, flag(libc::MSG_PEEK), 0, 0]),
            (libc::SYS_recvfrom, [socket, to, 1, flag(libc::MSG_ERRQUEUE), 0, 0]),
            (libc::SYS_recvfrom, [socket, to, 1, flag(libc::MSG_DONTWAIT), to, to]),
            (libc::SYS_accept, [socket, 0, 0, 0, 0, 0]),
            (libc::SYS_accept4, [socket, 0, 0, 0, 0, 0]),
            (libc::SYS_accept4, [socket, 0, 0, flag(libc::SOCK_NONBLOCK), 0, 0]),
        ] {
            tried.push((call, arguments, room.call(call, arguments)));
        }
        let tcp = flag(libc::IPPROTO_TCP);
        let own = flag(libc::SOL_SOCKET);
        for (level, option) in [
            (tcp, libc::TCP_FASTOPEN_CONNECT),
            (tcp, libc::TCP_FASTOPEN),
            (tcp, libc::TCP_REPAIR),
            (tcp, libc::TCP_ULP),
            (tcp, libc::TCP_CONGESTION),
            (own, libc::SO_ATTACH_FILTER),
            (own, libc::SO_ATTACH_BPF),
            (own, libc::SO_BINDTODEVICE),
            (own, libc::SO_MARK),
            // The number of TCP_NODELAY, at another level.
            (0, libc::TCP_NODELAY),
        ] {
            let arguments = [socket, level, flag(option), to, 4, 0];
            tried.push((
                libc::SYS_setsockopt,
                arguments,
                room.call(libc::SYS_setsockopt, arguments),
            ));
        }
    }
    // Only the listener is accepted on.
    let right = flag(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    let other = room.call(libc::SYS_accept4, [connection, 0, 0, right, 0, 0]);
    assert_eq!(other, REFUSED);
    assert_eq!(
        room.call(libc::SYS_accept4, [listener, 0, 0, right, 0, 0]),
        -i64::from(libc::EAGAIN)
    );
    // Nor is its writing side closed: it has none.
    let closed = room.call(libc::SYS_shutdown, [listener, flag(libc::SHUT_WR), 0, 0, 0, 0]);
    assert_eq!(closed, REFUSED);
    drop(room);
    let done: Vec<_> = tried.iter().filter(|(.., answer)| *answer != REFUSED).collect();
    assert!(done.is_empty(), "(call, arguments, answer): {done:?}");
    assert_eq!(service.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
    // It is as well as before.
    drop(ana);
    server.join("Bo").say("still here");
    server.stop();
}

/// Whatever else a process can ask for, with arguments that would be right.
#[test]
#[expect(clippy::too_many_lines, reason = "most of it is a table of calls")]
fn it_gets_no_file_no_process_no_kernel_and_no_memory_that_runs() {
    if !root() {
        return;
    }
    let server = Server::with(&["--require-confinement"], "{}");
    let room = TakenOver::stop(server.pid());
    let path = room.put(b"/etc/passwd\0");
    let data = flag(libc::PROT_READ | libc::PROT_WRITE);
    let run = flag(libc::PROT_READ | libc::PROT_EXEC);
    let own = flag(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let here = flag(libc::AT_FDCWD);
    let tried = [
        (libc::SYS_socket, [2, 1, 0, 0, 0, 0]),
        (libc::SYS_socket, [1, 1, 0, 0, 0, 0]),
        (libc::SYS_socketpair, [1, 1, 0, path, 0, 0]),
        (libc::SYS_open, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_openat, [here, path, 0, 0, 0, 0]),
        (libc::SYS_openat2, [here, path, path, 24, 0, 0]),
        (libc::SYS_open_by_handle_at, [here, path, 0, 0, 0, 0]),
        (libc::SYS_memfd_create, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_memfd_secret, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_pipe2, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_eventfd2, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_clone, [flag(libc::SIGCHLD), 0, 0, 0, 0, 0]),
        (libc::SYS_clone3, [path, 64, 0, 0, 0, 0]),
        (libc::SYS_fork, [0; 6]),
        (libc::SYS_vfork, [0; 6]),
        (libc::SYS_execve, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_execveat, [here, path, 0, 0, 0, 0]),
        (libc::SYS_ptrace, [flag(libc::PTRACE_TRACEME.cast_signed()), 0, 0, 0, 0, 0]),
        (libc::SYS_process_vm_readv, [1, path, 1, path, 1, 0]),
        (libc::SYS_process_vm_writev, [1, path, 1, path, 1, 0]),
        (libc::SYS_process_madvise, [0, path, 1, 0, 0, 0]),
        (libc::SYS_kill, [1, 0, 0, 0, 0, 0]),
        (libc::SYS_tgkill, [1, 1, 0, 0, 0, 0]),
        (libc::SYS_rt_sigqueueinfo, [1, 0, path, 0, 0, 0]),
        (libc::SYS_pidfd_open, [1, 0, 0, 0, 0, 0]),
        (libc::SYS_pidfd_getfd, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_pidfd_send_signal, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_prctl, [flag(libc::PR_SET_DUMPABLE), 1, 0, 0, 0, 0]),
        (libc::SYS_prctl, [flag(libc::PR_SET_NAME), path, 0, 0, 0, 0]),
        (libc::SYS_prlimit64, [0, 0, 0, path, 0, 0]),
        (libc::SYS_personality, [0x0400_0000, 0, 0, 0, 0, 0]),
        (libc::SYS_io_uring_setup, [1, path, 0, 0, 0, 0]),
        (libc::SYS_bpf, [0, path, 8, 0, 0, 0]),
        (libc::SYS_perf_event_open, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_userfaultfd, [0; 6]),
        (libc::SYS_keyctl, [0; 6]),
        (libc::SYS_unshare, [0x1000_0000, 0, 0, 0, 0, 0]),
        (libc::SYS_setns, [0; 6]),
        (libc::SYS_seccomp, [1, 0, path, 0, 0, 0]),
        (libc::SYS_mmap, [0, 4096, run, own, ALL, 0]),
        (libc::SYS_mmap, [0, 4096, run | data, own, ALL, 0]),
        (libc::SYS_mmap, [0, 4096, (1 << 32) | run, own, ALL, 0]),
        // Of a file or a socket; shared; in the place of something else; of large pages.
        (libc::SYS_mmap, [0, 4096, data, flag(libc::MAP_PRIVATE), 0, 0]),
        (libc::SYS_mmap, [0, 4096, data, flag(libc::MAP_SHARED), 0, 0]),
        (libc::SYS_mmap, [0, 4096, data, flag(libc::MAP_SHARED | libc::MAP_ANONYMOUS), ALL, 0]),
        (libc::SYS_mmap, [path & !4095, 4096, data, own | flag(libc::MAP_FIXED), ALL, 0]),
        (libc::SYS_mmap, [0, 1 << 21, data, own | flag(libc::MAP_HUGETLB), ALL, 0]),
        (libc::SYS_mprotect, [path & !4095, 4096, run, 0, 0, 0]),
        (libc::SYS_mprotect, [path & !4095, 4096, run | data, 0, 0, 0]),
        (libc::SYS_pkey_mprotect, [path & !4095, 4096, run, ALL, 0, 0]),
        (libc::SYS_mremap, [path & !4095, 4096, 4096, 3, 0, 0]),
        (libc::SYS_madvise, [path & !4095, 4096, flag(libc::MADV_DODUMP), 0, 0, 0]),
        (libc::SYS_madvise, [path & !4095, 4096, flag(libc::MADV_MERGEABLE), 0, 0, 0]),
        (libc::SYS_munlock, [path & !4095, 4096, 0, 0, 0, 0]),
        (libc::SYS_munlockall, [0; 6]),
        (libc::SYS_mlock2, [path & !4095, 4096, 0, 0, 0, 0]),
        // The processor time of process 1; the clock of a device that is open as descriptor 0.
        (libc::SYS_clock_gettime, [(!1_u64 << 3) | 2, path, 0, 0, 0, 0]),
        (libc::SYS_clock_gettime, [(!0_u64 << 3) | 3, path, 0, 0, 0, 0]),
        (libc::SYS_getrandom, [path, 8, 2, 0, 0, 0]),
        (libc::SYS_rt_sigaction, [flag(libc::SIGTERM), path, 0, 8, 0, 0]),
        (libc::SYS_futex, [path, 3, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 4, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 5, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 6 | 128, 0, 0, 0, 0]),
        (libc::SYS_futex, [path, 11, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 12, 0, 0, path, 0]),
        (libc::SYS_epoll_ctl, [0, 4, 0, path, 0, 0]),
        (libc::SYS_epoll_pwait, [ALL, path, 1, 0, path, 8]),
        // Numbers of the ABI with short pointers: socket, openat.
        (0x4000_0000 + libc::SYS_socket, [2, 1, 0, 0, 0, 0]),
        (0x4000_0000 + libc::SYS_openat, [here, path, 0, 0, 0, 0]),
    ];
    let done: Vec<_> = tried
        .into_iter()
        .map(|(call, arguments)| (call, arguments, room.call(call, arguments)))
        .filter(|(.., answer)| *answer != REFUSED)
        .collect();
    drop(room);
    assert!(done.is_empty(), "(call, arguments, answer): {done:?}");
    server.stop();
}

/// Number by number, with arguments that lead nowhere: what is not on the list is refused.
#[test]
fn of_all_calls_there_are_only_those_on_the_list_are_not_refused() {
    if !root() {
        return;
    }
    let server = Server::with(&["--require-confinement"], "{}");
    let listener = socket(&server, "0A");
    let room = TakenOver::stop(server.pid());
    let tries = [[ALL; 6], [ALL, 0, 0, 0, 0, 0]];
    let found: BTreeSet<c_long> = (0..=CALLS)
        .filter(|call| !NOT_TRIED.contains(call))
        .filter(|call| tries.iter().any(|arguments| room.call(*call, *arguments) != REFUSED))
        .collect();
    let listed: BTreeSet<c_long> = ALWAYS.into_iter().chain(WITH_ZEROS).collect();
    assert_eq!(found, listed);
    // And those that need arguments of their own, with these.
    let (one, tcp) = (1, flag(libc::IPPROTO_TCP));
    let comes = flag(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    let own = flag(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    for (call, arguments) in [
        (libc::SYS_accept4, [listener, 0, 0, comes, 0, 0]),
        (libc::SYS_setsockopt, [ALL, tcp, flag(libc::TCP_NODELAY), 0, 4, 0]),
        (libc::SYS_shutdown, [ALL, flag(libc::SHUT_WR), 0, 0, 0, 0]),
        (libc::SYS_epoll_ctl, [ALL, one, ALL, 0, 0, 0]),
        (libc::SYS_clock_gettime, [one, 0, 0, 0, 0, 0]),
        // No bytes: refused by nobody, and nothing is mapped.
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
