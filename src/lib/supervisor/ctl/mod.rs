//! `chattrace ctl`: gives one command to a session of this user, over its control socket. It starts no
//! session, and none of its parts.

mod error;
mod sessions;

use crate::command::{self, Command};
use crate::control::{RequestBody, ResponseBody};
use crate::exit::Exit;
use crate::supervisor::cli::CtlArgs;
use crate::terminal::{self, escape_control};
use error::CtlError;

/// The name of the program in front of its messages.
const NAME: &str = "chattrace ctl";

/// Carries out one command, and writes the answer to stdout, or to stderr why there is none.
pub(super) fn run(args: &CtlArgs) -> Exit {
    match answer(&args.command(), args.session.as_deref(), args.json) {
        Ok(text) => terminal::print_result(NAME, &text),
        Err(error) => {
            terminal::print_error(NAME, &error);
            error.exit()
        }
    }
}

/// The answer as it is printed.
fn answer(command: &str, session: Option<&str>, as_json: bool) -> Result<String, CtlError> {
    let parsed = command::parse(command).map_err(CtlError::NoCommand)?;
    let body = if let Command::Help(topic) = parsed {
        // No session is needed for it.
        ResponseBody::Done { text: command::help(topic) }
    } else if as_json && parsed == Command::Who {
        request(session, RequestBody::Who)?
    } else {
        request(session, RequestBody::Do { command: command.to_owned() })?
    };
    match body {
        ResponseBody::Refused { text } => Err(CtlError::Refused(text)),
        ResponseBody::Error { text } => Err(CtlError::Unanswered(text)),
        body if as_json => Ok(terminal::json_line(&body)),
        ResponseBody::Done { text } => Ok(escape_lines(&text)),
        ResponseBody::Pong { .. }
        | ResponseBody::Status { .. }
        | ResponseBody::Who { .. }
        | ResponseBody::Watching
        | ResponseBody::Stopping => Err(CtlError::Unanswered("it sent another answer".to_owned())),
    }
}

fn request(session: Option<&str>, body: RequestBody) -> Result<ResponseBody, CtlError> {
    Ok(sessions::connect(session)?.request(body)?)
}

/// `text` with its line feeds, and nothing else that a terminal acts on.
fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape_control).collect::<Vec<_>>().join("\n")
}
