//! Lines on stdout and stderr, written at once.

use std::fmt::Display;
use std::io::Write as _;

use super::charset::Charset;
use super::escape::escape_control;

/// Whether stdout or stderr has a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputState {
    /// The last write succeeded.
    Open,
    /// The pipe or the terminal is closed.
    Closed,
}

/// Writes one line of a result to stdout.
pub(crate) fn print_line(line: &str) -> OutputState {
    print_bytes(format!("{line}\n").as_bytes())
}

/// Writes a result to stdout as it is: a path need not be UTF-8.
pub(crate) fn print_bytes(bytes: &[u8]) -> OutputState {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    if written.is_ok() { OutputState::Open } else { OutputState::Closed }
}

/// Writes one line to stderr. Parts of it may be a path, a value or the text of another program, so all
/// of it is escaped by [`escape_control`]. Text that is escaped already does not change.
pub(crate) fn eprint_line(line: &str) -> OutputState {
    write_stderr(&format!("{}\n", escape_control(line)))
}

/// Writes to stderr in the characters of [`Charset::current`], in one write(2): otherwise the lines of
/// programs that share a terminal could mix. Every line for people passes here.
pub(super) fn write_stderr(text: &str) -> OutputState {
    let text = Charset::current().encode(text);
    let written = std::io::stderr().lock().write_all(text.as_bytes());
    if written.is_ok() { OutputState::Open } else { OutputState::Closed }
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
