//! The self test of the room's sandbox: a confined process tries from within what it must not be able
//! to do. "Confined" is only reported after that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IoSlice};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::kill;
use nix::sys::{prctl, ptrace};
use nix::time::ClockId;
use nix::unistd::{Pid, getppid};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendFlags, Shutdown, SocketFlags, SocketType, accept_with,
    connect, listen, sendmsg, sendto, shutdown, socket_with, sockopt,
};

use crate::memory;
use crate::process::inherited_fds::inherited_fds;

/// What is tried, in words that follow "it could", and how.
type Probe = (&'static str, fn(&SelfTest) -> io::Result<()>);

/// No service listens on port 1.
const UNUSED_ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);

/// The clock of a process's CPU time is the complement of its pid, shifted by three bits, plus this
/// (Linux, include/linux/posix-timers_types.h: `CPUCLOCK_SCHED`).
const CPU_CLOCK: i32 = 2;

/// A probe that succeeds undoes what it did.
const PROBES: [Probe; 24] = [
    ("open a file for writing", |_| done(OpenOptions::new().write(true).open("/dev/null"))),
    ("create a file", |_| {
        let path = std::env::temp_dir().join(format!("chattrace-self-test-{}", std::process::id()));
        File::create_new(&path)?;
        fs::remove_file(path)
    }),
    ("open a file for reading", |_| done(File::open("/proc/version"))),
    ("change who may read a file", |_| {
        // The file does not exist: a kernel that permits the call fails with ENOTDIR.
        fs::set_permissions("/dev/null/nowhere", fs::Permissions::from_mode(0o600))
    }),
    ("make a file in memory", |_| {
        memfd_create(c"self-test", MFdFlags::MFD_CLOEXEC).map(drop).map_err(io::Error::from)
    }),
    ("use an inherited descriptor", |test| match &test.inherited_fds {
        Ok(left) if left.is_empty() => {
            Err(io::Error::new(ErrorKind::PermissionDenied, "there is none"))
        }
        Ok(_) => Ok(()),
        Err(why) => Err(io::Error::other(format!("cannot look for one: {why}"))),
    }),
    ("copy a descriptor", |test| done(test.stream()?.try_clone_to_owned())),
    ("start a program", |_| done(Command::new("/bin/true").status())),
    ("connect to another process", |_| done(TcpStream::connect(UNUSED_ADDRESS))),
    ("connect a socket that it has", |test| Ok(connect(test.stream()?, &UNUSED_ADDRESS)?)),
    ("connect by sending (fast open)", |test| {
        let fast_open = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.cast_unsigned());
        Ok(sendto(test.stream()?, b"x", fast_open, &UNUSED_ADDRESS).map(drop)?)
    }),
    ("send to an address", |test| {
        Ok(sendto(test.datagram()?, b"x", SendFlags::empty(), &UNUSED_ADDRESS).map(drop)?)
    }),
    ("send a message that a filter cannot see", |test| {
        let (text, mut control) = ([IoSlice::new(b"x")], SendAncillaryBuffer::default());
        Ok(sendmsg(test.stream()?, &text, &mut control, SendFlags::NOSIGNAL).map(drop)?)
    }),
    ("make an unconnected socket of a listener", |test| {
        Ok(shutdown(test.stream()?, Shutdown::Read)?)
    }),
    ("listen on a socket", |test| Ok(listen(test.stream()?, 1)?)),
    ("accept on another socket", |test| {
        done(Ok(accept_with(test.stream()?, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?))
    }),
    ("change a socket", |test| Ok(sockopt::set_socket_keepalive(test.stream()?, true)?)),
    ("open a socket", |_| done(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))),
    ("map executable memory", |_| memory::map_executable()),
    ("make memory executable", |_| memory::make_executable()),
    ("trace a process", |test| {
        // A word of the parent's memory. It is not traced, so a kernel that permits ptrace fails, too.
        ptrace::read(test.parent, std::ptr::null_mut()).map(drop).map_err(io::Error::from)
    }),
    ("signal a process", |test| kill(test.parent, None).map_err(io::Error::from)),
    ("measure another process by its clock", |test| {
        let clock = ClockId::from_raw((!test.parent.as_raw() << 3) | CPU_CLOCK);
        clock.now().map(drop).map_err(io::Error::from)
    }),
    ("open our memory to others", |_| {
        prctl::set_dumpable(true)?;
        Ok(prctl::set_dumpable(false)?)
    }),
];

/// What the probes need and could not obtain any more inside the sandbox.
#[derive(Debug)]
pub(crate) struct SelfTest {
    /// Another process of this session.
    parent: Pid,
    /// Unconnected sockets of TCP and of UDP.
    sockets: [io::Result<OwnedFd>; 2],
    /// Descriptors that the program before us left open, or why they are not known.
    inherited_fds: io::Result<Vec<RawFd>>,
}

/// The result of one probe.
#[derive(Debug)]
pub(crate) struct ProbeResult {
    /// What was tried, in words that follow "it could".
    pub(crate) what: &'static str,
    /// The kernel's refusal; `None` where there was none.
    pub(crate) refused: Option<io::Error>,
}

impl SelfTest {
    /// Opens the sockets and lists inherited descriptors. To be called before files are denied.
    pub(crate) fn prepare() -> Self {
        let sockets = [SocketType::STREAM, SocketType::DGRAM].map(|kind| {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            Ok(socket_with(AddressFamily::INET, kind, flags, None)?)
        });
        Self { parent: getppid(), sockets, inherited_fds: inherited_fds() }
    }

    /// Runs every probe on this thread. A failure other than a refusal, such as "no such file", counts
    /// as success: the kernel would have permitted it.
    pub(crate) fn run(&self) -> impl Iterator<Item = ProbeResult> {
        PROBES.into_iter().map(|(what, probe)| {
            let failed = probe(self).err();
            let denied = |why: &io::Error| why.kind() == ErrorKind::PermissionDenied;
            ProbeResult { what, refused: failed.filter(denied) }
        })
    }

    fn stream(&self) -> io::Result<BorrowedFd<'_>> {
        opened(&self.sockets[0])
    }

    fn datagram(&self) -> io::Result<BorrowedFd<'_>> {
        opened(&self.sockets[1])
    }
}

/// Without its socket a probe cannot run, which must not count as a refusal.
fn opened(socket: &io::Result<OwnedFd>) -> io::Result<BorrowedFd<'_>> {
    let missing = |why: &io::Error| io::Error::other(format!("no socket to try it with: {why}"));
    socket.as_ref().map(OwnedFd::as_fd).map_err(missing)
}

fn done<T>(result: io::Result<T>) -> io::Result<()> {
    result.map(drop)
}
