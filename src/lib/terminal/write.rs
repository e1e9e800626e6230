//! Writes to stdout and stderr, and what a write that does not succeed means. They go to write(2)
//! directly: std's stdout keeps the rest of a line in a buffer, writes nothing when a non-blocking pipe
//! is full, and reports success when the descriptor is not open for writing.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::io_reason::io_reason;
use crate::exit::Exit;

/// Why nothing more can be written to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputEnd {
    /// The reader closed the pipe, the socket or the terminal. It wants no more, so this is no error.
    ReaderGone,
    /// The write failed, and the reader misses what was written.
    Failed(WriteError),
}

/// A failed write to stdout. Its `Display` is the sentence for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot write to standard output: {}; {}", self.reason(), self.next_step())]
pub(crate) struct WriteError(Errno);

impl WriteError {
    /// The exit code of a program that stops for this error.
    pub(crate) fn exit(self) -> Exit {
        Exit::Unavailable
    }

    fn reason(self) -> String {
        if self.0 == Errno::EBADF {
            return "it is not open for writing".to_owned();
        }
        io_reason(&self.0.into())
    }

    fn next_step(self) -> &'static str {
        if self.0 == Errno::EBADF {
            "redirect it with > or |"
        } else if self.0 == Errno::EFBIG {
            "raise the limit on file sizes (ulimit -f), or redirect it elsewhere"
        } else if [Errno::ENOSPC, Errno::EDQUOT].contains(&self.0) {
            "free some space, or redirect it elsewhere"
        } else {
            "redirect it elsewhere"
        }
    }
}

/// Writes all of `bytes`, in one write(2) if the kernel takes them at once. Waits while a non-blocking
/// stream is full, like a blocking one: the program at the other end of a pipe, or another one on the
/// same terminal, may have set `O_NONBLOCK` for all that share it.
///
/// # Errors
/// When the stream takes no more bytes. A part may have been written.
pub(super) fn write_all(stream: &impl AsFd, bytes: &[u8]) -> Result<(), OutputEnd> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match write(stream, rest) {
            // Has no error number, and would be tried for ever.
            Ok(0) => return Err(OutputEnd::Failed(WriteError(Errno::EIO))),
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => wait_for(stream, PollFlags::POLLOUT)
                .map_err(|error| OutputEnd::Failed(WriteError(error)))?,
            Err(error) => return Err(classify(error, || has_hung_up(stream))),
        }
    }
    Ok(())
}

/// What the error of a write means. `has_hung_up` tells a closed terminal from a broken device: a write
/// to either fails with EIO.
fn classify(error: Errno, has_hung_up: impl FnOnce() -> bool) -> OutputEnd {
    // A socket whose reader left data unread is reset.
    let is_closed = [Errno::EPIPE, Errno::ECONNRESET].contains(&error);
    if is_closed || (error == Errno::EIO && has_hung_up()) {
        return OutputEnd::ReaderGone;
    }
    OutputEnd::Failed(WriteError(error))
}

/// Waits until a stream that does not block is ready. The read or write that follows reports an error of
/// the stream.
pub(super) fn wait_for(stream: &impl AsFd, ready: PollFlags) -> nix::Result<()> {
    match poll(&mut [PollFd::new(stream.as_fd(), ready)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error),
    }
}

fn has_hung_up(stream: &impl AsFd) -> bool {
    let mut polled = [PollFd::new(stream.as_fd(), PollFlags::empty())];
    let _ = poll(&mut polled, PollTimeout::ZERO);
    polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP))
}

#[cfg(test)]
mod tests {
    use std::io::{PipeWriter, Read as _, pipe};

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    use super::*;

    fn non_blocking(writer: PipeWriter) -> PipeWriter {
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        writer
    }

    /// Far more than a pipe holds (pipe(7)), so that writes are short and the pipe is full.
    #[test]
    fn every_byte_arrives_through_a_pipe_that_does_not_block() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let (mut reader, writer) = pipe().unwrap();
        let writer = non_blocking(writer);
        let sent = bytes.clone();
        let thread = std::thread::spawn(move || write_all(&writer, &sent));
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert_eq!(thread.join().unwrap(), Ok(()));
        assert!(received == bytes);
    }

    #[test]
    fn a_reader_that_goes_while_the_pipe_is_full_ends_the_wait() {
        let (reader, writer) = pipe().unwrap();
        let writer = non_blocking(writer);
        let thread = std::thread::spawn(move || write_all(&writer, &[0; 1_000_000]));
        (&reader).read_exact(&mut [0; 1]).unwrap();
        drop(reader);
        assert_eq!(thread.join().unwrap(), Err(OutputEnd::ReaderGone));
    }

    #[test]
    fn only_a_closed_reader_is_no_error() {
        let failed = |errno| OutputEnd::Failed(WriteError(errno));
        assert_eq!(classify(Errno::EPIPE, || false), OutputEnd::ReaderGone);
        assert_eq!(classify(Errno::ECONNRESET, || false), OutputEnd::ReaderGone);
        assert_eq!(classify(Errno::EIO, || true), OutputEnd::ReaderGone);
        assert_eq!(classify(Errno::EIO, || false), failed(Errno::EIO));
        for errno in [Errno::ENOSPC, Errno::EDQUOT, Errno::EFBIG, Errno::EBADF, Errno::EPERM] {
            assert_eq!(classify(errno, || true), failed(errno));
        }
    }

    #[test]
    fn each_sentence_has_a_reason_without_number_and_a_next_step() {
        for errno in [Errno::ENOSPC, Errno::EDQUOT, Errno::EFBIG, Errno::EBADF, Errno::ESTALE] {
            let text = WriteError(errno).to_string();
            assert!(text.starts_with("cannot write to standard output: "), "{text}");
            assert!(text.contains("redirect it") && !text.contains("os error"), "{text}");
            assert_eq!(WriteError(errno).exit().code(), 69);
        }
    }
}
