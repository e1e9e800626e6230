//! The command line, and what clap says about it. Its errors repeat the arguments and the environment:
//! text that was pasted, or set by another program, must neither act on the terminal nor add lines to
//! the error.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{Error, Parser};

use super::charset::Charset;
use super::escape::escape_control;
use super::print::{print_line, write_stderr};
use crate::exit::Exit;

/// Parses the command line of this process, with the environment as second source.
///
/// # Errors
/// With the code to end with, after help or version was written to stdout (0) or an error to stderr
/// (2).
pub(crate) fn parse_args<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| print_usage(error).into())
}

fn print_usage(error: Error) -> Exit {
    // A failed write changes nothing: the exit code tells the rest.
    if error.use_stderr() {
        let _ = write_stderr(&format!("{}\n", escape_error(error)));
        Exit::Usage
    } else {
        // Help is for people, though on stdout.
        let help = error.render().to_string();
        let _ = print_line(&Charset::current().encode(help.trim_end()));
        Exit::Ended
    }
}

/// The error as text, in which the only line feeds are those of clap.
fn escape_error(mut error: Error) -> String {
    let context: Vec<(ContextKind, ContextValue)> =
        error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in context {
        if let Some(value) = escape_context(kind, value) {
            error.insert(kind, value);
        }
    }
    let text = error.render().to_string();
    // Not all is context: the text of a value's own parser is not.
    text.trim_end().split('\n').map(escape_control).collect::<Vec<_>>().join("\n")
}

/// The escaped context, or `None` where nothing in it comes from the user. The usage is clap's own, and
/// has several lines.
fn escape_context(kind: ContextKind, value: ContextValue) -> Option<ContextValue> {
    match value {
        ContextValue::String(text) => Some(ContextValue::String(escape_control(&text))),
        ContextValue::Strings(all) => {
            let escaped = all.iter().map(|text| escape_control(text)).collect();
            Some(ContextValue::Strings(escaped))
        }
        ContextValue::StyledStr(text) if kind != ContextKind::Usage => {
            Some(ContextValue::StyledStr(escape_control(&text.to_string()).into()))
        }
        ContextValue::StyledStrs(all) => {
            let escaped = all.iter().map(|text| escape_control(&text.to_string()).into()).collect();
            Some(ContextValue::StyledStrs(escaped))
        }
        ContextValue::None
        | ContextValue::Bool(_)
        | ContextValue::StyledStr(_)
        | ContextValue::Number(_)
        | _ => None,
    }
}
