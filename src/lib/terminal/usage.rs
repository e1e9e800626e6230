//! What the parser of the command line has to say. It repeats what was typed, or stood in the
//! environment, as it was: a line that was pasted or a variable from elsewhere must not act on the
//! terminal, nor add lines of its own to the answer.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{Error, Parser};

use super::{escape_control, print_line, write_stderr};

/// Code of a wrong command line.
const WRONG: u8 = 2;

/// Parses the command line of this process, with the environment as second source.
///
/// # Errors
/// With the code to end with, after help or version was written to stdout (0) or an error to stderr
/// (2).
pub(crate) fn parse_args<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(print_usage)
}

fn print_usage(error: Error) -> ExitCode {
    if !error.use_stderr() {
        // Written by us alone. Its reader may be gone; the code says the rest.
        let _ = print_line(error.render().to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    let _ = write_stderr(&format!("{}\n", shown(error)));
    ExitCode::from(WRONG)
}

/// The error as text in which only the line feeds of the parser are left.
fn shown(mut error: Error) -> String {
    let context: Vec<(ContextKind, ContextValue)> =
        error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in context {
        if let Some(value) = escaped(kind, value) {
            error.insert(kind, value);
        }
    }
    let text = error.render().to_string();
    // What is not context, such as the words of a value's own parser, is held to the same.
    text.trim_end().split('\n').map(escape_control).collect::<Vec<_>>().join("\n")
}

/// The context without what acts, or `None` where nothing of the user's is in it. The usage is the
/// parser's own, and has lines.
fn escaped(kind: ContextKind, value: ContextValue) -> Option<ContextValue> {
    let texts = |texts: Vec<String>| texts.iter().map(|text| escape_control(text)).collect();
    match value {
        ContextValue::String(text) => Some(ContextValue::String(escape_control(&text))),
        ContextValue::Strings(all) => Some(ContextValue::Strings(texts(all))),
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
