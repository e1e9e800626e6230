//! Over `control.sock`, between a script (or a person with `socat`) and the supervisor.

use serde::{Deserialize, Serialize};

/// One line of a client.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Request {
    /// Chosen by the client, and repeated in the [`Response`].
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) body: RequestBody,
}

/// What can be requested.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum RequestBody {
    /// Is the supervisor alive, and of which version?
    Ping,
    /// Report the phase of the session.
    Status,
    /// End the session, as Ctrl+C does.
    Stop,
}

/// The answer to one [`Request`].
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Response {
    /// The `id` of the request; 0 when it could not be parsed.
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) body: ResponseBody,
}

/// The answer itself: one variant per [`RequestBody`], and one for lines that could not be parsed.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ResponseBody {
    /// To [`RequestBody::Ping`]; the [`VERSION`](super::VERSION) of the supervisor.
    Pong { version: &'static str },
    /// To [`RequestBody::Status`].
    Status {
        /// One word. Scripts compare it, so these words do not change.
        phase: &'static str,
        /// Participants in the room.
        present: usize,
        /// The public address without the ticket; `None` while there is none.
        public: Option<String>,
    },
    /// To [`RequestBody::Stop`].
    Stopping,
    /// The line could not be parsed; the connection stays open.
    Error { text: String },
}
