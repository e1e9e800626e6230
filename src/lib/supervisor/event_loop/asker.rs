//! Who gave a command, and how they are answered.

use tokio::sync::oneshot;

use crate::control::{self, ResponseBody};
use crate::supervisor::operator::{Answer, Refused};

/// What a command came from.
#[derive(Debug)]
pub(super) enum Asker {
    /// A line at the session's own terminal.
    Terminal,
    /// A client of the control socket, who may have gone when the answer comes.
    Client {
        response: oneshot::Sender<control::Answer>,
        /// Whether they get lists as data and not as lines.
        wants_data: bool,
    },
}

impl Asker {
    /// Whether the answer goes to the operator's screen.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal)
    }
}

/// The response to a client of the control socket.
pub(super) fn response_body(answer: Result<Answer, Refused>) -> ResponseBody {
    match answer {
        Ok(answer) => ResponseBody::Done { text: answer.into_text() },
        Err(refused) => ResponseBody::Refused { text: refused.to_string() },
    }
}
