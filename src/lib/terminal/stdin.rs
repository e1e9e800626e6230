//! stdin for code that may block. Another program may have made it non-blocking for all that share it,
//! such as the next program on the same terminal.

use std::io::{self, Read, stdin};

use nix::errno::Errno;
use nix::poll::PollFlags;
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
