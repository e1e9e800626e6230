//! The commands.

use std::fmt;

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
    /// End the session at once without a question, and clear the screen.
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

/// As it is typed.
impl fmt::Display for Applicants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::One(who) => who.fmt(f),
        }
    }
}

/// As it is typed.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Who => f.write_str("who"),
            Self::Say(text) => write!(f, "say {text}"),
            Self::Kick(who) => write!(f, "kick {who}"),
            Self::Mute(who, None) => write!(f, "mute {who}"),
            Self::Mute(who, Some(span)) => write!(f, "mute {who} {span}"),
            Self::Unmute(who) => write!(f, "unmute {who}"),
            Self::Slow(span) => write!(f, "slow {}", or_off(*span)),
            Self::Lock => f.write_str("lock"),
            Self::Unlock => f.write_str("unlock"),
            Self::LobbyOn => f.write_str("lobby on"),
            Self::LobbyOff => f.write_str("lobby off"),
            Self::Admit(applicants) => write!(f, "admit {applicants}"),
            Self::Refuse(applicants) => write!(f, "refuse {applicants}"),
            Self::Link => f.write_str("link"),
            Self::Relink => f.write_str("relink"),
            Self::Invite { people, within } => write!(f, "invite {people} {within}"),
            Self::Links => f.write_str("links"),
            Self::Revoke(number) => write!(f, "revoke {number}"),
            Self::Clear => f.write_str("clear"),
            Self::Fade(span) => write!(f, "fade {}", or_off(*span)),
            Self::End(None) => f.write_str("end"),
            Self::End(Some(span)) => write!(f, "end in {span}"),
            Self::Stay => f.write_str("stay"),
            Self::Panic => f.write_str("panic"),
            Self::Help(None) => f.write_str("help"),
            Self::Help(Some(topic)) => write!(f, "help {}", topic.word()),
        }
    }
}

fn or_off(span: Option<Span>) -> String {
    span.map_or_else(|| "off".to_owned(), |span| span.to_string())
}
