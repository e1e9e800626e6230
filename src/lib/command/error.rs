//! Why a line is no command, in a sentence with the next step.

use std::fmt;

use super::arguments::ArgumentError;
use crate::terminal::{escape_control, truncate_to_bytes};

/// Longest line in bytes: what a terminal takes as one line (termios(3), canonical mode).
pub(super) const MAX_LINE_BYTES: usize = 4096;

/// Most bytes of a word that is repeated in a sentence.
const MAX_SHOWN_BYTES: usize = 40;

/// A line that is no command. Nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandError {
    /// There is no word in it.
    Empty,
    /// It has this many bytes.
    TooLong(usize),
    /// It has this control character.
    ControlCharacter(char),
    /// The first word is none of a command.
    Unknown { word: String, nearest: Option<&'static str> },
    /// What follows the command's word is wrong.
    Argument { word: &'static str, usage: &'static str, error: ArgumentError },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no command; \"help\" lists them"),
            Self::TooLong(bytes) => {
                write!(
                    f,
                    "a command has at most {MAX_LINE_BYTES} bytes, and this one {bytes}; shorten it"
                )
            }
            Self::ControlCharacter(c) => {
                let shown = escape_control(c.encode_utf8(&mut [0; 4]));
                write!(f, "a command has no control characters; leave out {shown}")
            }
            Self::Unknown { word, nearest } => write_unknown(f, word, *nearest),
            Self::Argument { word, usage, error } => write_argument(f, word, usage, error),
        }
    }
}

fn write_unknown(f: &mut fmt::Formatter<'_>, word: &str, nearest: Option<&str>) -> fmt::Result {
    write!(f, "there is no command \"{}\"", shown(word))?;
    match nearest {
        Some(nearest) => write!(f, "; did you mean \"{nearest}\"?"),
        None => f.write_str("; \"help\" lists them"),
    }
}

fn write_argument(
    f: &mut fmt::Formatter<'_>,
    word: &str,
    usage: &str,
    error: &ArgumentError,
) -> fmt::Result {
    match error {
        ArgumentError::Missing => write!(f, "\"{word}\" is incomplete; write \"{usage}\""),
        ArgumentError::Surplus(surplus) => {
            write!(f, "\"{word}\" does not take \"{}\"; write \"{usage}\"", shown(surplus))
        }
        ArgumentError::Span(span, error) => write!(f, "\"{}\" {error}", shown(span)),
        ArgumentError::SpanOrName(span, error) => {
            write!(f, "\"{}\" {error}; or write the name in quotation marks", shown(span))
        }
        ArgumentError::Number(number) => {
            write!(f, "\"{}\" is no number from 1 on; write \"{usage}\"", shown(number))
        }
        ArgumentError::TooMany(most) => write!(f, "an invite is for at most {most} people"),
        ArgumentError::Command(word, nearest) => write_unknown(f, word, *nearest),
        ArgumentError::Unclosed => f.write_str("a quotation mark (\") is missing behind the name"),
    }
}

/// A word of the line, as far as it can be shown in a sentence.
pub(super) fn shown(word: &str) -> String {
    let cut = truncate_to_bytes(word, MAX_SHOWN_BYTES);
    let ellipsis = if cut.len() < word.len() { "…" } else { "" };
    escape_control(cut) + ellipsis
}

impl std::error::Error for CommandError {}
