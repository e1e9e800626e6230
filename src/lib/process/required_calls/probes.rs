//! How each call is tried: with arguments that change nothing.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::socket::sockopt::{AcceptConn, ReuseAddr, SndBuf};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, accept4, getsockopt, setsockopt, socket,
};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{Pid, Uid, UnlinkatFlags, getppid, setpgid, unlinkat};
use rustix::rand::GetRandomFlags;

/// The name of a call, what the programs do with it (a verb with its object), and how it is tried.
pub(super) type Probe = (&'static str, &'static str, fn(&mut Bench) -> io::Result<()>);

/// What the probes are tried on: two connected sockets.
pub(super) struct Bench {
    ours: UnixStream,
    peer: UnixStream,
}

impl Bench {
    /// Connects the sockets.
    ///
    /// # Errors
    /// When socketpair(2) is refused.
    pub(super) fn new() -> io::Result<Self> {
        let (ours, peer) = UnixStream::pair()?;
        Ok(Self { ours, peer })
    }
}

/// No name can exist below a device: a system that permits the call answers `ENOTDIR`.
const NO_PATH: &str = "/dev/null/nowhere";

/// What every program needs, those that only clean up as well.
pub(super) const BASIC_PROBES: [Probe; 12] = [
    ("getuid", "tells whose files are the user's own", |_| identity(Uid::current().as_raw())),
    ("geteuid", "tells whose files are the user's own", |_| identity(Uid::effective().as_raw())),
    ("getpid", "ties every program to its parent", |_| identity(std::process::id())),
    ("getppid", "ties every program to its parent", |_| {
        identity(getppid().as_raw().cast_unsigned())
    }),
    ("prctl", "ties the life of every program to that of its parent", |_| {
        // nix knows no real-time signals.
        let unchanged = prctl::get_pdeathsig().and_then(prctl::set_pdeathsig);
        unless_refused(unchanged, Errno::EINVAL)
    }),
    ("fcntl", "copies descriptors and sets their modes", |bench| {
        let copy = bench.ours.try_clone()?;
        let modes = OFlag::from_bits_retain(fcntl(&copy, FcntlArg::F_GETFL)?);
        fcntl(&copy, FcntlArg::F_SETFL(modes))?;
        fcntl(&copy, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        Ok(())
    }),
    ("getdents64", "lists folders", |_| match fs::read_dir("/") {
        Ok(mut names) => names.next().transpose().map(drop),
        // It may be entered and not read.
        Err(_) => Ok(()),
    }),
    ("flock", "tells living sessions from dead ones", |bench| {
        let socket = File::from(OwnedFd::from(bench.ours.try_clone()?));
        unless_refused(socket.try_lock(), Errno::EINVAL)
    }),
    ("mkdir", "creates the folder of a session", |_| {
        unless_refused(fs::create_dir("/"), Errno::EEXIST)
    }),
    ("rename", "puts files in their place", |_| {
        unless_refused(fs::rename(NO_PATH, NO_PATH), Errno::ENOTDIR)
    }),
    ("unlinkat", "removes what a session leaves", |_| {
        unless_refused(unlinkat(AT_FDCWD, NO_PATH, UnlinkatFlags::NoRemoveDir), Errno::ENOTDIR)
    }),
    ("rt_sigprocmask", "blocks signals", |_| {
        // Not pthread_sigmask(3), of which nix sees no error.
        Ok(sigprocmask(SigmaskHow::SIG_BLOCK, None, Some(&mut SigSet::empty()))?)
    }),
];

/// What a runtime needs. It panics where one of them is refused.
pub(super) const RUNTIME_PROBES: [Probe; 5] = [
    ("getrandom", "draws tickets and keys", |_| {
        let drawn = rustix::rand::getrandom(&mut [0_u8; 1], GetRandomFlags::NONBLOCK);
        unless_refused(drawn, Errno::EAGAIN)
    }),
    ("epoll_create1", WAITS, |_| epoll().map(drop)),
    ("eventfd2", WAITS, |_| EventFd::from_flags(EVENTFD_FLAGS).map(drop).map_err(errno)),
    ("epoll_ctl", WAITS, |bench| watch(&epoll()?, bench)),
    ("epoll_wait", WAITS, |bench| {
        let epoll = epoll()?;
        watch(&epoll, bench)?;
        epoll.wait(&mut [EpollEvent::empty()], EpollTimeout::ZERO).map(drop).map_err(errno)
    }),
];

/// What a program needs beyond [`RUNTIME_PROBES`] that has children and connections.
pub(super) const SERVICE_PROBES: [Probe; 12] = [
    ("ioctl", "sets the modes of sockets", |bench| bench.ours.set_nonblocking(true)),
    ("getsockname", "tells the address of the room", |bench| bench.ours.local_addr().map(drop)),
    ("getsockopt", "checks sockets", |bench| {
        bench.ours.take_error()?;
        Ok(getsockopt(&bench.ours, AcceptConn).map(drop)?)
    }),
    ("setsockopt", "bounds the buffers of sockets", |bench| {
        Ok(setsockopt(&bench.ours, SndBuf, &4096)?)
    }),
    ("sendto", TALKS, |bench| bench.ours.write_all(b"x")),
    ("recvfrom", TALKS, |bench| bench.peer.read_exact(&mut [0])),
    ("accept4", "accepts the room's clients", |bench| {
        // It does not listen.
        unless_refused(accept4(bench.ours.as_raw_fd(), SockFlag::SOCK_CLOEXEC), Errno::EINVAL)
    }),
    ("pipe2", "reads what other programs print", |_| io::pipe().map(drop)),
    ("dup2", "connects the streams of other programs", |_| {
        Ok(nix::unistd::dup2_stderr(io::stderr())?)
    }),
    ("readlink", "finds the programs that lie beside this one", |_| {
        // Without /proc, which a room alone does without.
        unless_refused(std::env::current_exe(), Errno::ENOENT)
    }),
    ("wait4", "notices the end of other programs", |_| {
        unless_refused(waitpid(Pid::this(), Some(WaitPidFlag::WNOHANG)), Errno::ECHILD)
    }),
    ("waitid", "notices the end of other programs", |_| {
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        unless_refused(waitid(Id::Pid(Pid::this()), ended), Errno::ECHILD)
    }),
];

/// What a program needs that runs cloudflared.
pub(super) const TUNNEL_PROBES: [Probe; 7] = [
    ("socket", CONNECTS, |_| datagram_socket().map(drop)),
    ("setsockopt", CONNECTS, |_| Ok(setsockopt(&datagram_socket()?, ReuseAddr, &true)?)),
    // Without loopback, cloudflared says more than these could.
    ("bind", CONNECTS, |_| unless_refused(UdpSocket::bind(ANY_PORT), Errno::EADDRNOTAVAIL)),
    ("listen", CONNECTS, |_| unless_refused(TcpListener::bind(ANY_PORT), Errno::EADDRNOTAVAIL)),
    ("connect", CONNECTS, |_| {
        // No packet is sent: connect(2) on a datagram socket only notes the address.
        let connected = UdpSocket::bind(ANY_PORT)
            .and_then(|socket| socket.local_addr().and_then(|own| socket.connect(own)));
        unless_refused(connected, Errno::EADDRNOTAVAIL)
    }),
    ("chdir", "starts cloudflared in a folder of its own", |_| {
        unless_refused(std::env::set_current_dir(NO_PATH), Errno::ENOTDIR)
    }),
    ("setpgid", "keeps the signals of a terminal from cloudflared", |_| {
        // No process has this number (proc(5), `pid_max`).
        unless_refused(setpgid(Pid::from_raw(i32::MAX), Pid::from_raw(0)), Errno::ESRCH)
    }),
];

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

const WAITS: &str = "waits for events";
const CONNECTS: &str = "connects cloudflared with its network and with this program";
const TALKS: &str = "carries messages between the programs";
const EVENTFD_FLAGS: EfdFlags = EfdFlags::EFD_CLOEXEC.union(EfdFlags::EFD_NONBLOCK);

fn epoll() -> io::Result<Epoll> {
    Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(errno)
}

fn watch(epoll: &Epoll, bench: &Bench) -> io::Result<()> {
    epoll.add(bench.ours.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, 0)).map_err(errno)
}

/// The result of a call that fails by design, with `expected` as its usual error: only a refusal counts.
/// Profiles of containers use four errors for one.
fn unless_refused<T, E: Into<io::Error>>(result: Result<T, E>, expected: Errno) -> io::Result<()> {
    let Err(error) = result.map_err(Into::into) else { return Ok(()) };
    match error.raw_os_error().map(Errno::from_raw) {
        Some(errno) if errno == expected => Ok(()),
        Some(Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EINVAL) => Err(error),
        Some(_) | None => Ok(()),
    }
}

/// The number that a call returns which cannot fail (getuid(2), getpid(2)): C libraries return the
/// error of a filter as a negative number.
fn identity(number: u32) -> io::Result<()> {
    /// The kernel's errors are -1 to -4095 (Linux, include/linux/err.h).
    const MAX_ERRNO: u32 = 4095;
    match number.wrapping_neg() {
        error @ 1..=MAX_ERRNO => Err(io::Error::from_raw_os_error(error.cast_signed())),
        _ => Ok(()),
    }
}

fn datagram_socket() -> io::Result<OwnedFd> {
    Ok(socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?)
}

fn errno(error: Errno) -> io::Error {
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_fails_by_design_is_refused_by_other_errors_only() {
        let refused = |error, expected| unless_refused(Err::<(), _>(error), expected).is_err();
        for refusal in [Errno::EPERM, Errno::EACCES, Errno::ENOSYS, Errno::EINVAL] {
            assert!(refused(refusal, Errno::ECHILD), "{refusal}");
            assert!(!refused(refusal, refusal), "{refusal}");
        }
        assert!(!refused(Errno::ENOENT, Errno::ENOTDIR), "a system without /dev");
        assert!(unless_refused(Ok::<_, Errno>(()), Errno::ENOTDIR).is_ok());
    }

    /// As C libraries return -EPERM and -ENOSYS of getuid(2).
    #[test]
    fn an_error_in_place_of_a_number_is_recognised() {
        for (number, error) in [(u32::MAX, 1), (u32::MAX - 37, 38)] {
            assert_eq!(identity(number).unwrap_err().raw_os_error(), Some(error));
        }
        for number in [0, 1, 65_534, 1 << 31] {
            assert!(identity(number).is_ok(), "{number}");
        }
    }
}
