//! Trying what a confined process must not be able to do, from within. Whoever says "confined" has
//! tried it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::kill;
use nix::sys::{prctl, ptrace};
use nix::unistd::getppid;

/// What is tried, and how.
type Attempt = (&'static str, fn() -> io::Result<()>);

/// None of them leaves anything where it succeeds.
const ATTEMPTS: [Attempt; 11] = [
    ("open a file for writing", || done(OpenOptions::new().write(true).open("/dev/null"))),
    ("create a file", || {
        let path = std::env::temp_dir().join(format!("chattrace-trial-{}", std::process::id()));
        File::create_new(&path)?;
        fs::remove_file(path)
    }),
    ("open a file for reading", || done(File::open("/proc/version"))),
    ("change who may read a file", || {
        // Not there: a kernel that would do it says so.
        fs::set_permissions("/dev/null/nowhere", fs::Permissions::from_mode(0o600))
    }),
    ("make a file in memory", || {
        memfd_create(c"trial", MFdFlags::MFD_CLOEXEC).map(drop).map_err(io::Error::from)
    }),
    ("start a program", || done(Command::new("/bin/true").status())),
    // Port 1 is nobody's.
    ("connect to somebody", || done(TcpStream::connect((Ipv4Addr::LOCALHOST, 1)))),
    ("open a socket", || done(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))),
    ("trace a process", || {
        // A word of memory of our parent, which we do not trace.
        ptrace::read(getppid(), std::ptr::null_mut()).map(drop).map_err(io::Error::from)
    }),
    ("signal a process", || kill(getppid(), None).map_err(io::Error::from)),
    ("open our memory to others", || {
        prctl::set_dumpable(true)?;
        Ok(prctl::set_dumpable(false)?)
    }),
];

/// Something that was tried.
#[derive(Debug)]
pub(crate) struct Trial {
    /// What, in words that follow "it could".
    pub(crate) what: &'static str,
    /// The kernel's refusal; `None` where there was none.
    pub(crate) refused: Option<io::Error>,
}

/// Tries everything on this thread. A failure that is no refusal, such as "there is no such file",
/// counts as done: the kernel would have done it.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    ATTEMPTS.into_iter().map(|(what, attempt)| {
        let failed = attempt().err();
        Trial { what, refused: failed.filter(|why| why.kind() == ErrorKind::PermissionDenied) }
    })
}

fn done<T>(result: io::Result<T>) -> io::Result<()> {
    result.map(drop)
}
