//! The operator's terminal: writes that cannot panic, text that cannot harm.
//!
//! stdout is for programs, stderr is for people. `println!` panics when its reader is gone, so
//! nobody here uses it: a closed terminal is a normal way for a session to end.

mod background_writer;
mod escape;
mod hangup;
mod progress;
mod prompt;
mod screen;
mod usage;
mod wrap;

use std::io::Write as _;

pub(crate) use background_writer::BackgroundWriter;
pub(crate) use escape::{
    escape_control, is_printable, is_sanitized_line, is_single_spaced, json_line, sanitize_line,
    truncate_to_bytes, try_json_line,
};
pub(crate) use hangup::{stdin_closed, stdout_closed, terminal_closed};
pub(crate) use progress::Progress;
pub(crate) use prompt::{discard_typeahead, is_interactive, read_line};
pub(crate) use screen::{FULL_WIDTH, Screen, Severity, Verbosity};
pub(crate) use usage::parse_args;

/// Whether the one who reads is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputState {
    /// As far as the system knows.
    Open,
    /// Gone: the pipe or the terminal is closed.
    Closed,
}

/// To the first column, and everything from there to the right erased (ECMA-48, EL).
const ERASE: &str = "\r\u{1b}[K";

/// Columns of the terminal on stderr.
fn width() -> u16 {
    console::Term::stderr().size_checked().map_or(80, |(_, columns)| columns)
}

/// Writes one line of a result to stdout, at once.
pub(crate) fn print_line(line: &str) -> OutputState {
    print_bytes(format!("{line}\n").as_bytes())
}

/// Writes a result to stdout as it is, at once: a path need not be text.
pub(crate) fn print_bytes(bytes: &[u8]) -> OutputState {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    if written.is_ok() { OutputState::Open } else { OutputState::Closed }
}

/// Writes one line for the person at the keyboard. Part of it may be a path, a value or the words of
/// another program, so all of it passes [`escape_control()`]; what passed before stays as it is.
pub(crate) fn eprint_line(line: &str) -> OutputState {
    write_stderr(&format!("{}\n", escape_control(line)))
}

/// Writes for the person at the keyboard, without ending the line. In one piece, or the lines of
/// programs that share a terminal fall into each other.
fn write_stderr(text: &str) -> OutputState {
    let written = std::io::stderr().lock().write_all(text.as_bytes());
    if written.is_ok() { OutputState::Open } else { OutputState::Closed }
}

/// Says why a program cannot go on: `program: sentence`.
pub(crate) fn print_error(program: &str, error: &dyn std::fmt::Display) {
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
