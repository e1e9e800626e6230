//! The standard streams, whose flags all processes share that have them open.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};

/// Lets a write to a pipe or terminal wait for its reader. An event loop that started this program, or
/// one that shares its terminal, may have set `O_NONBLOCK` (fcntl(2)); a write to a full pipe would then
/// fail, as if its reader were gone.
///
/// Sockets keep their flags: in a service, the lifeline and the listener are shared with the supervisor.
pub(super) fn wait_for_readers() {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    for stream in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
        // An error means that the stream is closed.
        let _ = clear_nonblock(stream);
    }
}

fn clear_nonblock(stream: BorrowedFd<'_>) -> nix::Result<()> {
    let kind = SFlag::from_bits_truncate(fstat(stream)?.st_mode) & SFlag::S_IFMT;
    let flags = OFlag::from_bits_retain(fcntl(stream, FcntlArg::F_GETFL)?);
    if flags.contains(OFlag::O_NONBLOCK) && [SFlag::S_IFIFO, SFlag::S_IFCHR].contains(&kind) {
        fcntl(stream, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
    }
    Ok(())
}
