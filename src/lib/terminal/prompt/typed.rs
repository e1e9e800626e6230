//! What a prompt returns.

use crate::terminal::modes::TerminalModes;

/// What the operator typed, and what has to be done before more is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A whole line, trimmed.
    Line(String),
    /// Ctrl+D on an empty line; and once, when the terminal is closed.
    EndOfInput,
    /// Tab: the line and the byte at which its cursor stands, for [`super::Prompt::complete`].
    Complete { line: String, cursor: usize },
    /// The modes of the terminal as they were before the prompt, which sets its own when the next key is
    /// waited for. The guard restores them if this process is killed.
    ModesSaved(TerminalModes),
}
