//! The command line, and what clap says about it. Its errors repeat the arguments and the environment:
//! text that was pasted, or set by another program, must neither act on the terminal nor add lines to
//! the error.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error, Parser};

use super::charset::Charset;
use super::escape::escape_control;
use super::print::{print_result, write_stderr};
use crate::exit::Exit;

/// Parses the command line of this process, with the environment as second source.
///
/// # Errors
/// With the code to end with, after help or version was written to stdout (0, or 69 when it could not
/// be written) or an error to stderr (2).
pub(crate) fn parse_args<T: Parser>() -> Result<T, ExitCode> {
    let command = T::command();
    let (name, variables) = (command.get_name().to_owned(), variables_of(&command));
    let hidden = hidden_options(&command);
    let matches = with_trimmed_environment(command).try_get_matches();
    let parsed = matches.and_then(|mut matches| T::from_arg_matches_mut(&mut matches));
    parsed.map_err(|mut error| {
        remove_hidden_suggestion(&mut error, &hidden);
        print_usage(&name, &variables, error).into()
    })
}

/// Options for the programs of a session among each other, and those that stand for a variable alone.
fn hidden_options(command: &Command) -> Vec<String> {
    let hidden = command.get_arguments().filter(|arg| arg.is_hide_set());
    hidden.filter_map(Arg::get_long).map(|long| format!("--{long}")).collect()
}

/// Takes a tip out of `error` that names an option which the help does not.
fn remove_hidden_suggestion(error: &mut Error, hidden: &[String]) {
    if let Some(ContextValue::String(suggested)) = error.get(ContextKind::SuggestedArg)
        && hidden.iter().any(|option| suggested.starts_with(option))
    {
        error.remove(ContextKind::SuggestedArg);
    }
}

/// The names of an option and of its variable, for each option that may come from the environment.
type Variables = Vec<(String, String)>;

fn variables_of(command: &Command) -> Variables {
    let name = |arg: &Arg| Some((arg.get_long()?.to_owned(), arg.get_env()?.to_str()?.to_owned()));
    command.get_arguments().filter_map(name).collect()
}

/// Takes white space off both ends of each variable, and an empty one for none. A file of variables
/// that was saved with CRLF leaves a carriage return at the end of each, and `NAME=` is how such a file
/// leaves a setting out.
///
/// Behind a subcommand, the variables of the program's own options mean nothing, and are not read.
fn with_trimmed_environment(command: Command) -> Command {
    let first = std::env::args_os().nth(1);
    let has_subcommand = first.is_some_and(|first| command.find_subcommand(first).is_some());
    command.mut_args(|arg| {
        if has_subcommand {
            return arg.env(Resettable::Reset);
        }
        let value = arg.get_env().and_then(std::env::var_os);
        // A path need not be UTF-8, and is then taken as it is.
        let Some(value) = value.as_ref().and_then(|value| value.to_str()) else { return arg };
        match value.trim() {
            trimmed if trimmed == value && !value.is_empty() => arg,
            "" => arg.env(Resettable::Reset),
            trimmed => arg.default_value(trimmed.to_owned()).env(Resettable::Reset),
        }
    })
}

fn print_usage(program: &str, variables: &Variables, error: Error) -> Exit {
    if error.use_stderr() {
        // A failed write changes nothing: the exit code tells the rest.
        let _ = write_stderr(&format!("{}\n", describe(variables, error)));
        Exit::Usage
    } else {
        // Help is for people, though on stdout.
        let help = error.render().to_string();
        print_result(program, &Charset::current().encode(help.trim_end()))
    }
}

/// The error as text, with the variable that its value comes from: the user may know of no option.
fn describe(variables: &Variables, error: Error) -> String {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.clone(),
        _ => String::new(),
    };
    let is_not_utf8 = error.kind() == ErrorKind::InvalidUtf8;
    let text = escape_error(error);
    let given: Vec<OsString> = std::env::args_os().collect();
    let source = variables.iter().find(|(option, variable)| {
        let option = format!("--{option}");
        let is_given = given.iter().any(|arg| arg.to_string_lossy().starts_with(&option));
        let value = std::env::var_os(variable);
        let is_meant = match is_not_utf8 {
            true => value.as_ref().is_some_and(|value| value.to_str().is_none()),
            false => argument.split(' ').next() == Some(&option) && value.is_some(),
        };
        is_meant && !is_given
    });
    match source {
        Some((_, variable)) => format!("{text}\nThe environment variable {variable} sets it."),
        None => text,
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
