//! Why a command was not carried out.

use std::io;

use crate::command::CommandError;
use crate::control::FrameError;
use crate::exit::Exit;
use crate::terminal::io_reason;

/// Why a command was not carried out. Its `Display` is the sentence for the user.
#[derive(Debug, thiserror::Error)]
pub(super) enum CtlError {
    /// It was not sent.
    #[error("{0}")]
    NoCommand(CommandError),
    /// The session refuses it.
    #[error("{0}")]
    Refused(String),
    /// There are several sessions, with these ids, and none was named.
    #[error("several sessions are running; choose one with --session: {}", .0.join(", "))]
    Several(Vec<String>),
    #[error("no session is running; start one with chattrace")]
    NoSession,
    /// Others may be running: those with these ids.
    #[error("no session {id} is running; {}", others(running))]
    NoSuchSession { id: String, running: Vec<String> },
    #[error("the session does not accept connections: {}; look at its terminal", io_reason(.0))]
    Unreachable(io::Error),
    /// The connection was closed without an answer.
    #[error("the session did not answer: {0}")]
    Broken(#[from] FrameError),
    /// The session gives no answer, and says why.
    #[error("the session did not answer: {0}")]
    Unanswered(String),
}

fn others(running: &[String]) -> String {
    match running {
        [] => "none is".to_owned(),
        running => format!("these are: {}", running.join(", ")),
    }
}

impl CtlError {
    /// The exit code of a program that stops for this error.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NoCommand(_) | Self::Refused(_) | Self::Several(_) => Exit::Refused,
            Self::NoSession
            | Self::NoSuchSession { .. }
            | Self::Unreachable(_)
            | Self::Broken(_)
            | Self::Unanswered(_) => Exit::Unavailable,
        }
    }
}
