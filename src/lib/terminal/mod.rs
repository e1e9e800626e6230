//! The operator's terminal: writes that cannot panic, text that cannot harm.
//!
//! stdout is for programs, stderr is for people. `println!` panics when its reader is gone, so
//! nobody here uses it: a closed terminal is a normal way for a session to end.

mod harmless;
mod lines;
mod prompt;
mod reader;
mod screen;
mod usage;
mod wrap;

use std::io::Write as _;

pub(crate) use harmless::{
    harmless, is_harmless, is_one_piece, is_sentence, json, sentence, start_of,
};
pub(crate) use lines::Lines;
pub(crate) use prompt::{can_ask, forget_typed, read_line};
pub(crate) use reader::{reader_gone, terminal_gone, writer_gone};
pub(crate) use screen::{FULL_WIDTH, Mark, Screen, Volume};
pub(crate) use usage::usage;

/// Whether the one who reads is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// As far as the system knows.
    There,
    /// Gone: the pipe or the terminal is closed.
    Gone,
}

/// To the first column, and everything from there to the right erased (ECMA-48, EL).
const ERASE: &str = "\r\u{1b}[K";

/// Columns of the terminal on stderr.
fn width() -> u16 {
    console::Term::stderr().size_checked().map_or(80, |(_, columns)| columns)
}

/// Writes one line of a result to stdout, at once.
pub(crate) fn result(line: &str) -> Reader {
    result_bytes(format!("{line}\n").as_bytes())
}

/// Writes a result to stdout as it is, at once: a path need not be text.
pub(crate) fn result_bytes(bytes: &[u8]) -> Reader {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    if written.is_ok() { Reader::There } else { Reader::Gone }
}

/// Writes one line for the person at the keyboard. Part of it may be a path, a value or the words of
/// another program, so all of it passes [`harmless()`]; what passed before stays as it is.
pub(crate) fn say(line: &str) -> Reader {
    draw(&format!("{}\n", harmless(line)))
}

/// Writes for the person at the keyboard, without ending the line. In one piece, or the lines of
/// programs that share a terminal fall into each other.
fn draw(text: &str) -> Reader {
    let written = std::io::stderr().lock().write_all(text.as_bytes());
    if written.is_ok() { Reader::There } else { Reader::Gone }
}

/// Says why a program cannot go on: `program: sentence`.
pub(crate) fn complain(program: &str, error: &dyn std::fmt::Display) {
    say(&format!("{program}: {error}"));
}

/// Lets a panic of `program` say where it happened and nothing else: its message may hold what
/// somebody said.
pub(crate) fn hush_panics(program: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let place =
            panic.location().map_or_else(|| "a place unknown".to_owned(), ToString::to_string);
        say(&format!("{program}: a mistake of our own at {place}; please report this line"));
    }));
}
