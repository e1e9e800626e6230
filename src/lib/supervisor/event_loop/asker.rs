//! Who gave a command, and how they are answered.

use tokio::sync::oneshot;

use crate::control::{Reply, ResponseBody};
use crate::supervisor::operator::{Answer, Refused};

/// What a command came from.
#[derive(Debug)]
pub(super) enum Asker {
    /// A line at the session's own terminal.
    Terminal,
    /// A client of the control socket.
    Client(Client),
    /// The same, that takes a list of people as JSON.
    Lister(Client),
}

/// A client of the control socket that waits for its answer.
#[derive(Debug)]
pub(super) struct Client(pub(super) oneshot::Sender<Reply>);

impl Asker {
    /// Whether the answer goes to the operator's screen.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal)
    }
}

impl Client {
    /// Answers a command.
    pub(super) fn answer(self, answer: Result<Answer, Refused>) {
        self.respond(match answer {
            Ok(answer) => ResponseBody::Done { text: answer.into_text() },
            Err(refused) => ResponseBody::Refused { text: refused.to_string() },
        });
    }

    /// Responds. A client that does not wait any more changes nothing.
    pub(super) fn respond(self, body: ResponseBody) {
        let _ = self.0.send(Reply::Body(body));
    }
}
