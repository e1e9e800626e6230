//! Lines on stdout and stderr, written at once.

use std::fmt::Display;
use std::os::fd::AsFd as _;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::charset::Charset;
use super::escape::escape_control;
use super::size::has_control_sequences;
use super::write::{OutputEnd, write_all};
use crate::exit::Exit;

/// Writes one line of a result to stdout.
///
/// # Errors
/// When stdout takes no more.
pub(crate) fn print_line(line: &str) -> Result<(), OutputEnd> {
    print_bytes(format!("{line}\n").as_bytes())
}

/// Writes a result to stdout as it is: a path need not be UTF-8.
///
/// # Errors
/// When stdout takes no more.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), OutputEnd> {
    write_all(&std::io::stdout().lock(), bytes)
}

/// Writes the whole result of `program` to stdout, and returns its exit code.
pub(crate) fn print_result(program: &str, text: &str) -> Exit {
    print_line(text).map_or_else(|end| report_output_end(program, end), |()| Exit::Ended)
}

/// Returns the exit code of a `program` whose result ended with `end`; names a failed write on stderr.
pub(crate) fn report_output_end(program: &str, end: OutputEnd) -> Exit {
    match end {
        OutputEnd::ReaderGone => Exit::Ended,
        OutputEnd::Failed(error) => {
            print_error(program, &error);
            error.exit()
        }
    }
}

/// Writes one line to stderr. Parts of it may be a path, a value or the text of another program, so all
/// of it is escaped by [`escape_control`]. Text that is escaped already does not change.
pub(crate) fn eprint_line(line: &str) {
    // A program does its work without an operator who reads about it.
    let _ = write_stderr(&format!("{}\n", escape_control(line)));
}

/// Writes to stderr in the characters of [`Charset::current`], in one write(2): otherwise the lines of
/// programs that share a terminal could mix. Every line for people passes here. A line that cannot be
/// written is lost, and a later one may still be written.
///
/// # Errors
/// [`OutputEnd::ReaderGone`] when no later line can be written.
pub(super) fn write_stderr(text: &str) -> Result<(), OutputEnd> {
    let text = Charset::current().encode(text);
    match write_all(&std::io::stderr().lock(), text.as_bytes()) {
        Err(OutputEnd::Failed(_)) => Ok(()),
        written => written,
    }
}

/// Writes a few bytes to the terminal on stderr, if it takes them at once: one that was stopped with
/// Ctrl+S, or that is not read, would block.
pub(super) fn write_stderr_at_once(text: &str) {
    let stderr = std::io::stderr();
    let mut polled = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0) {
        let _ = write_stderr(text);
    }
}

/// Erases what is behind the cursor and below it (ECMA-48: ED), where a program that was killed left its footer.
pub(crate) fn erase_below() {
    if has_control_sequences() {
        // The lines that follow are worth more than an erased row.
        let _ = write_stderr("\u{1b}[J");
    }
}

/// Writes `program: error` to stderr.
pub(crate) fn print_error(program: &str, error: &dyn Display) {
    eprint_line(&format!("{program}: {error}"));
}

/// Replaces the panic message of `program` by one sentence that names the place and nothing else: the
/// message may hold the text of a participant.
pub(crate) fn install_panic_hook(program: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let place =
            panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        eprint_line(&format!("{program}: internal error at {place}; please report it"));
    }));
}
