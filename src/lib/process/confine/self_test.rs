//! Trying what a confined process must not be able to do, from within. Whoever says "confined" has
//! tried it.

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

/// What is tried, and how.
type Probe = (&'static str, fn(&SelfTest) -> io::Result<()>);

/// No service listens on port 1.
const NOBODY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);

/// How the processor time of a process is told as a clock: the complement of its number, three bits
/// higher, and this (Linux, include/linux/posix-timers_types.h: `CPUCLOCK_SCHED`).
const CPU_CLOCK: i32 = 2;

/// None of them leaves anything where it succeeds.
const PROBES: [Probe; 24] = [
    ("open a file for writing", |_| done(OpenOptions::new().write(true).open("/dev/null"))),
    ("create a file", |_| {
        let path = std::env::temp_dir().join(format!("chattrace-trial-{}", std::process::id()));
        File::create_new(&path)?;
        fs::remove_file(path)
    }),
    ("open a file for reading", |_| done(File::open("/proc/version"))),
    ("change who may read a file", |_| {
        // Not there: a kernel that would do it says so.
        fs::set_permissions("/dev/null/nowhere", fs::Permissions::from_mode(0o600))
    }),
    ("make a file in memory", |_| {
        memfd_create(c"trial", MFdFlags::MFD_CLOEXEC).map(drop).map_err(io::Error::from)
    }),
    ("use a descriptor that was left open", |means| match &means.inherited_fds {
        Ok(left) if left.is_empty() => {
            Err(io::Error::new(ErrorKind::PermissionDenied, "there is none"))
        }
        Ok(_) => Ok(()),
        Err(why) => Err(io::Error::other(format!("cannot look for one: {why}"))),
    }),
    ("copy a descriptor", |means| done(means.stream()?.try_clone_to_owned())),
    ("start a program", |_| done(Command::new("/bin/true").status())),
    ("connect to somebody", |_| done(TcpStream::connect(NOBODY))),
    ("connect a socket that it has", |means| Ok(connect(means.stream()?, &NOBODY)?)),
    ("connect by sending (fast open)", |means| {
        let fast_open = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.cast_unsigned());
        Ok(sendto(means.stream()?, b"x", fast_open, &NOBODY).map(drop)?)
    }),
    ("send to an address", |means| {
        Ok(sendto(means.datagram()?, b"x", SendFlags::empty(), &NOBODY).map(drop)?)
    }),
    ("send what a filter cannot see", |means| {
        let (text, mut control) = ([IoSlice::new(b"x")], SendAncillaryBuffer::default());
        Ok(sendmsg(means.stream()?, &text, &mut control, SendFlags::NOSIGNAL).map(drop)?)
    }),
    ("make a bare socket of a listener", |means| Ok(shutdown(means.stream()?, Shutdown::Read)?)),
    ("listen on a socket", |means| Ok(listen(means.stream()?, 1)?)),
    ("accept on another socket", |means| {
        done(Ok(accept_with(means.stream()?, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?))
    }),
    ("change a socket", |means| Ok(sockopt::set_socket_keepalive(means.stream()?, true)?)),
    ("open a socket", |_| done(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))),
    ("map memory that can be run", |_| memory::map_executable()),
    ("let memory be run", |_| memory::make_executable()),
    ("trace a process", |means| {
        // A word of memory of our parent, which we do not trace.
        ptrace::read(means.parent, std::ptr::null_mut()).map(drop).map_err(io::Error::from)
    }),
    ("signal a process", |means| kill(means.parent, None).map_err(io::Error::from)),
    ("measure another process by its clock", |means| {
        let clock = ClockId::from_raw((!means.parent.as_raw() << 3) | CPU_CLOCK);
        clock.now().map(drop).map_err(io::Error::from)
    }),
    ("open our memory to others", |_| {
        prctl::set_dumpable(true)?;
        Ok(prctl::set_dumpable(false)?)
    }),
];

/// What the trials need and could not have any more once everything is closed.
#[derive(Debug)]
pub(crate) struct SelfTest {
    /// Another process of ours.
    parent: Pid,
    /// Sockets that are not connected, of TCP and of UDP. They are closed with this.
    sockets: [io::Result<OwnedFd>; 2],
    /// Descriptors that the program before us left open, or why that is not known.
    inherited_fds: io::Result<Vec<RawFd>>,
}

impl SelfTest {
    /// Opens the sockets, and looks which descriptors are open that this process has not opened. To
    /// be called before files are closed to it.
    pub(crate) fn prepare() -> Self {
        let inherited_fds = inherited_fds();
        let sockets = [SocketType::STREAM, SocketType::DGRAM].map(|kind| {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            Ok(socket_with(AddressFamily::INET, kind, flags, None)?)
        });
        Self { parent: getppid(), sockets, inherited_fds }
    }

    /// Tries everything on this thread. A failure that is no refusal, such as "there is no such file",
    /// counts as done: the kernel would have done it.
    pub(crate) fn run(&self) -> impl Iterator<Item = ProbeResult> {
        PROBES.into_iter().map(|(what, probe)| {
            let failed = probe(self).err();
            let denied = |why: &io::Error| why.kind() == ErrorKind::PermissionDenied;
            ProbeResult { what, refused: failed.filter(denied) }
        })
    }

    fn stream(&self) -> io::Result<BorrowedFd<'_>> {
        had(&self.sockets[0])
    }

    fn datagram(&self) -> io::Result<BorrowedFd<'_>> {
        had(&self.sockets[1])
    }
}

/// A trial that could not be made is no refusal, whatever kept the socket from being opened.
fn had(socket: &io::Result<OwnedFd>) -> io::Result<BorrowedFd<'_>> {
    let missing = |why: &io::Error| io::Error::other(format!("no socket to try it with: {why}"));
    socket.as_ref().map(OwnedFd::as_fd).map_err(missing)
}

/// Something that was tried.
#[derive(Debug)]
pub(crate) struct ProbeResult {
    /// What, in words that follow "it could".
    pub(crate) what: &'static str,
    /// The kernel's refusal; `None` where there was none.
    pub(crate) refused: Option<io::Error>,
}

fn done<T>(result: io::Result<T>) -> io::Result<()> {
    result.map(drop)
}
