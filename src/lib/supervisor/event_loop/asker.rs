//! Who gave a command, and how they are answered.

/// What a command came from.
#[derive(Debug)]
pub(super) enum Asker {
    /// A line at the session's own terminal.
    Terminal,
}

impl Asker {
    /// Whether the answer goes to the operator's screen.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal)
    }
}
