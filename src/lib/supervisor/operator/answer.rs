//! What the operator is told about a command.

/// The answer to a command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Answer {
    /// Something is different now.
    Changed {
        /// What is so now: on the operator's screen already.
        line: String,
        /// What only the one who gave the command needs, such as the next step.
        more: Option<String>,
    },
    /// Lines that were asked for, or why there is nothing to change.
    Told(String),
    /// On the operator's screen already, where it was asked for.
    Shown,
}

impl Answer {
    /// All of it, for one who does not see the operator's screen.
    pub(in crate::supervisor) fn into_text(self) -> String {
        match self {
            Self::Changed { line, more: None } | Self::Told(line) => line,
            Self::Shown => String::new(),
            Self::Changed { line, more: Some(more) } => format!("{line}\n{more}"),
        }
    }
}

/// Why a command was not carried out: one sentence for the one who gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::supervisor) struct Refused(pub(in crate::supervisor) String);

impl Refused {
    /// With this sentence.
    pub(in crate::supervisor) fn because(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}
