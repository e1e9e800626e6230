//! stdin for code that may block. Another program may have made it non-blocking for all that share it,
//! such as the next program on the same terminal.

use std::io::{self, Read, stdin};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;

/// Unbuffered stdin that blocks in any case. Nothing else may read with std's own buffer.
#[derive(Debug)]
pub(crate) struct BlockingStdin;

impl Read for BlockingStdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read(stdin(), buffer) {
                Err(Errno::EAGAIN) => wait_until_readable(&stdin())?,
                Err(Errno::EINTR) => {}
                result => return Ok(result?),
            }
        }
    }
}

/// The read that follows reports an error of the stream.
fn wait_until_readable(stream: &impl AsFd) -> io::Result<()> {
    match poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
