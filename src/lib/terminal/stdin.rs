//! stdin for code that may block. Another program may have made it non-blocking for all that share it,
//! such as the next program on the same terminal.

use std::io::{self, Read, stdin};
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::PollFlags;
use nix::sys::stat::Mode;
use nix::unistd::read;

use super::write::wait_for;

/// Unbuffered stdin that blocks in any case. Nothing else may read with std's own buffer.
#[derive(Debug)]
pub(crate) struct BlockingStdin;

impl Read for BlockingStdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read(stdin(), buffer) {
                Err(Errno::EAGAIN) => wait_for(&stdin(), PollFlags::POLLIN)?,
                Err(Errno::EINTR) => {}
                result => return Ok(result?),
            }
        }
    }
}

/// The terminal on stdin, opened anew so that its reads do not block. `O_NONBLOCK` on stdin itself would
/// hold for every program that shares it, the shell included.
///
/// # Errors
/// When there is no terminal on stdin, or it may not be opened.
pub(super) fn reopen_stdin() -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    Ok(open("/proc/self/fd/0", flags, Mode::empty())?)
}
