//! Over `control.sock`, between a script (or a person with `socat`) and the supervisor.

use serde::{Deserialize, Serialize};

use super::orders::Connected;

/// One line of a client.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Chosen by the client, and repeated in the [`Response`].
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) body: RequestBody,
}

/// What can be requested.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum RequestBody {
    /// Is the supervisor alive, and of which version?
    Ping,
    /// Report the phase of the session.
    Status,
    /// List those in the room, and those who wait in its lobby.
    Who,
    /// Carry out a command of the operator, as if it were typed at the session's terminal.
    Do { command: String },
    /// Turn the connection into a stream of events.
    Watch,
    /// End the session, as Ctrl+C does.
    Stop,
}

/// One line of an answer to a [`Request`]. Only answers with a list or a text have more than one.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Response {
    /// The `id` of the request; 0 when it could not be parsed.
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) body: ResponseBody,
    /// Whether another line of this answer follows: a text or a list longer than a line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) more: bool,
}

/// The answer itself: one variant per [`RequestBody`], one for commands that are refused, and one for lines
/// that could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ResponseBody {
    /// To [`RequestBody::Ping`]; the [`VERSION`](super::VERSION) of the supervisor.
    Pong { version: String },
    /// To [`RequestBody::Status`].
    Status {
        /// One word. Scripts compare it, so these words do not change.
        phase: String,
        /// Participants in the room.
        present: usize,
        /// The public address without the ticket; `None` while there is none.
        public: Option<String>,
    },
    /// To [`RequestBody::Who`].
    Who {
        /// Those in the room, and those who are away and keep their seat, by number.
        participants: Vec<ListedParticipant>,
        /// Those who wait in the lobby, by number.
        waiting: Vec<ListedApplicant>,
    },
    /// To [`RequestBody::Do`]: the command is carried out, and this is so now.
    Done { text: String },
    /// To [`RequestBody::Do`]: nothing has changed, and this is why.
    Refused { text: String },
    /// To [`RequestBody::Watch`]: what follows are events.
    Watching,
    /// To [`RequestBody::Stop`].
    Stopping,
    /// The line could not be parsed, or no response is possible; the connection stays open unless the text
    /// says otherwise.
    Error { text: String },
}

/// A participant, for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedParticipant {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) tag: String,
    /// Absent while the room has not said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Connected>,
    /// When they joined, in milliseconds since 1970.
    pub(crate) since: u64,
    /// Whether what they say is refused.
    pub(crate) muted: bool,
    /// For how many seconds from now; `None` is until `unmute`, or not muted.
    pub(crate) muted_seconds: Option<u64>,
}

/// A person in the lobby, for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedApplicant {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) tag: String,
    /// When they began to wait, in milliseconds since 1970.
    pub(crate) since: u64,
}
