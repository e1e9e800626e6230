//! Between the supervisor and `chattrace-clean --guard`.

use serde::{Deserialize, Serialize};

use crate::control::validate;
use crate::terminal::TerminalModes;

/// Supervisor to guard.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToGuard {
    /// The modes of the terminal before the supervisor set those of its prompt. Sent before it sets them,
    /// and again to each new guard.
    Modes { modes: TerminalModes },
    /// The session has ended in order: check for survivors once more, wipe the runtime folder, exit.
    /// End of file without this message means that the supervisor died.
    Wipe,
}

/// Guard to supervisor.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromGuard {
    /// The only message, so that a program of another version is noticed at once.
    Hello {
        /// [`VERSION`](super::VERSION) of the sender.
        #[serde(deserialize_with = "validate::version")]
        version: String,
    },
}
