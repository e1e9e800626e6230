//! The operator's terminal: output that cannot panic, and text that cannot act on the terminal.
//!
//! stdout is for programs, stderr is for people. `println!` panics when its reader is gone, so no
//! program uses it: a closed terminal is a normal end of a session.

mod background_writer;
mod bar_row;
mod charset;
mod clear;
mod columns;
mod escape;
mod footer;
mod foreground;
mod hangup;
mod io_reason;
mod modes;
mod print;
mod progress;
mod prompt;
mod question;
mod screen;
mod screen_writer;
mod size;
mod status_row;
mod stdin;
mod typed_lines;
mod usage;
mod variables;
mod wrap;
mod write;

pub(crate) use background_writer::BackgroundWriter;
pub(crate) use charset::Charset;
pub(crate) use escape::{
    escape_control, is_printable, is_sanitized_line, is_single_spaced, json_line, sanitize_line,
    truncate_to_bytes, try_json_line,
};
pub(crate) use foreground::is_interactive;
pub(crate) use hangup::{stdin_closed, stdout_closed, stdout_end, terminal_closed};
pub(crate) use io_reason::io_reason;
pub(crate) use modes::TerminalModes;
pub(crate) use print::{
    eprint_line, erase_below, install_panic_hook, print_bytes, print_error, print_line,
    print_result, report_output_end,
};
pub(crate) use progress::Progress;
pub(crate) use prompt::{InputUse, Prompt, Typed};
pub(crate) use question::{ask, discard_typeahead};
pub(crate) use screen::{FULL_WIDTH, Screen, Severity, Verbosity};
pub(crate) use status_row::StatusText;
pub(crate) use stdin::BlockingStdin;
pub(crate) use usage::parse_args;
pub(crate) use variables::VARIABLES;
pub(crate) use write::{OutputEnd, WriteError};
