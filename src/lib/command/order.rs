//! The commands.

use super::target::Who;
use crate::span::Span;

/// One command of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// List those in the room, and those who wait in the lobby.
    Who,
    /// Announce this to everyone. The room judges the text.
    Say(String),
    /// Remove a participant.
    Kick(Who),
    /// Refuse what a participant says, for so long; `None` is until `unmute`.
    Mute(Who, Option<Span>),
    Unmute(Who),
    /// Let each participant send one message in this time; `None` is no such limit.
    Slow(Option<Span>),
    /// Refuse newcomers.
    Lock,
    Unlock,
    /// Make newcomers wait until they are admitted.
    LobbyOn,
    LobbyOff,
    Admit(Applicants),
    Refuse(Applicants),
    /// Show the link and its QR code again.
    Link,
    /// Replace the link, and end all invites.
    Relink,
    /// Make another link, for so many people within so much time.
    Invite {
        people: u32,
        within: Span,
    },
    /// List the links that admit.
    Links,
    /// End the invite with this number.
    Revoke(u32),
    /// Forget everything said so far.
    Clear,
    /// Let each message disappear after this time; `None` is never.
    Fade(Option<Span>),
    /// End the session: now, or in this time.
    End(Option<Span>),
    /// Take back the end that was set.
    Stay,
    /// End the session without a word, and clear the screen.
    Panic,
    /// Explain all commands, or one.
    Help(Option<Topic>),
}

/// Whom `admit` and `refuse` are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Applicants {
    All,
    One(Who),
}

/// What `help` explains: the first word of a command that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Topic(pub(super) &'static str);

impl Topic {
    /// The command's word.
    pub(crate) fn word(self) -> &'static str {
        self.0
    }
}
