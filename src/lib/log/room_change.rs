//! What changed in the room: on the operator's screen, in the event log, and as an event for programs.

use std::fmt;

use serde::Serialize;

use super::participant::format_participant;
use crate::control::{LinkNumber, Participant, RoomRules};
use crate::span::Span;

/// A change by an order of the operator, or by a person who waits for one. No variant has a place for the
/// text of a message.
///
/// Its `Display` is the line for people, and its JSON the event of `chattrace --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum RoomChange {
    /// About one person.
    Person {
        #[serde(flatten)]
        change: PersonChange,
        participant: Participant,
    },
    /// About everyone.
    Room(WholeRoomChange),
}

/// What happened to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum PersonChange {
    /// The operator removed them.
    Kicked,
    /// For so many seconds; `None` is until they are unmuted.
    Muted {
        seconds: Option<u32>,
    },
    Unmuted,
    /// They wait in the lobby.
    Waiting,
    /// They have gone, or waited too long.
    WaitingEnded,
    /// The operator let them in from the lobby.
    Admitted,
    /// The operator refused them.
    NotAdmitted,
}

/// What happened to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum WholeRoomChange {
    /// These rules hold from now on.
    Rules {
        #[serde(flatten)]
        rules: RoomRules,
        /// Which of them is new.
        #[serde(skip)]
        changed: Rule,
    },
    /// So many people began to wait that were not shown one by one; so many wait now. Programs get an
    /// event for each of them instead.
    MoreWaiting { count: u64, waiting: usize },
    /// The operator's announcement was sent.
    Announced,
    /// The link has another ticket.
    Relinked,
    /// There is another link, which lets so many people in within so many seconds.
    Invited { link: LinkNumber, people: u32, seconds: u32 },
    /// An invite let a person in, and so many more may come by it.
    InviteUsed { link: LinkNumber, left: u32 },
    /// The operator ended an invite.
    Revoked { link: LinkNumber },
    /// Everything said so far is forgotten.
    Cleared,
    /// The session ends in so many seconds; `ends_at` is in milliseconds since 1970.
    Ending { seconds: u32, ends_at: u64 },
    /// The end that was set is taken back.
    Staying,
}

/// One of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Lock,
    Lobby,
    Slow,
    Fade,
}

impl RoomChange {
    /// The change `change` of one person.
    pub(crate) fn of(participant: &Participant, change: PersonChange) -> Self {
        Self::Person { change, participant: participant.clone() }
    }

    /// The same with another spelling of the name.
    pub(crate) fn map_name(self, spell: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Person { change, participant } => {
                let name = spell(&participant.name);
                Self::Person { change, participant: Participant { name, ..participant } }
            }
            Self::Room(change) => Self::Room(change),
        }
    }
}

impl From<WholeRoomChange> for RoomChange {
    fn from(change: WholeRoomChange) -> Self {
        Self::Room(change)
    }
}

impl fmt::Display for RoomChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (change, participant) = match self {
            Self::Person { change, participant } => (change, format_participant(participant)),
            Self::Room(change) => return change.fmt(f),
        };
        match change {
            PersonChange::Kicked => write!(f, "removed {participant}"),
            PersonChange::Muted { seconds: None } => write!(f, "muted {participant}"),
            PersonChange::Muted { seconds: Some(seconds) } => {
                write!(f, "muted {participant} for {}", Seconds(*seconds))
            }
            PersonChange::Unmuted => write!(f, "unmuted {participant}"),
            PersonChange::Waiting => write!(f, "{participant} waits in the lobby"),
            PersonChange::WaitingEnded => write!(f, "{participant} waits no longer"),
            PersonChange::Admitted => write!(f, "admitted {participant}"),
            PersonChange::NotAdmitted => write!(f, "refused {participant}"),
        }
    }
}

impl fmt::Display for WholeRoomChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules { rules, changed } => fmt_rule(f, *rules, *changed),
            Self::MoreWaiting { count, waiting } => {
                write!(f, "{count} more came to the lobby; {waiting} wait")
            }
            Self::Announced => f.write_str("announcement sent"),
            Self::Relinked => f.write_str("new link: the old one and all invites are dead"),
            Self::Invited { link, people: 1, seconds } => {
                write!(f, "invite {link}: for 1 person, within {}", Seconds(*seconds))
            }
            Self::Invited { link, people, seconds } => {
                write!(f, "invite {link}: for {people} people, within {}", Seconds(*seconds))
            }
            Self::InviteUsed { link, left: 0 } => write!(f, "invite {link} is used up"),
            Self::InviteUsed { link, left } => {
                write!(f, "invite {link} was used; {left} may still come by it")
            }
            Self::Revoked { link } => write!(f, "invite {link} revoked"),
            Self::Cleared => f.write_str("cleared: everything said so far is forgotten"),
            Self::Ending { seconds, .. } => write!(f, "the session ends in {}", Seconds(*seconds)),
            Self::Staying => f.write_str("no end is set: the session lasts until you end it"),
        }
    }
}

fn fmt_rule(f: &mut fmt::Formatter<'_>, rules: RoomRules, changed: Rule) -> fmt::Result {
    match changed {
        Rule::Lock if rules.locked => {
            f.write_str("locked: no one new comes in; those who have a seat may return to it")
        }
        Rule::Lock if rules.lobby => f.write_str("unlocked: newcomers wait until you admit them"),
        Rule::Lock => f.write_str("unlocked: the link lets newcomers in"),
        Rule::Lobby if rules.lobby => f.write_str("lobby on: newcomers wait until you admit them"),
        Rule::Lobby => f.write_str("lobby off: the link lets newcomers in; who waits still waits"),
        Rule::Slow if rules.slow == 0 => f.write_str("slow off: any number of messages"),
        Rule::Slow => write!(f, "slow: one message from each person in {}", Seconds(rules.slow)),
        Rule::Fade if rules.fade == 0 => f.write_str("fade off: what is said stays"),
        Rule::Fade => write!(f, "fade: what is said disappears after {}", Seconds(rules.fade)),
    }
}

/// As [`Span`] is written, also where there is none of that length.
struct Seconds(u32);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Span::from_seconds(self.0) {
            Some(span) => span.fmt(f),
            None => write!(f, "{}s", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> Participant {
        Participant { number: 1, name: "Ana".to_owned(), tag: "k7q".to_owned() }
    }

    #[test]
    fn a_change_of_a_person_is_a_line_and_an_event() {
        let change = RoomChange::of(&ana(), PersonChange::Muted { seconds: Some(600) });
        assert_eq!(change.to_string(), "muted Ana #k7q (1) for 10m");
        let expected = serde_json::json!({
            "event": "muted",
            "seconds": 600,
            "participant": { "number": 1, "name": "Ana", "tag": "k7q" },
        });
        assert_eq!(serde_json::to_value(&change).unwrap(), expected);
    }

    #[test]
    fn a_change_of_the_rules_says_which_and_tells_programs_all() {
        let rules = RoomRules { slow: 30, ..RoomRules::default() };
        let change = RoomChange::from(WholeRoomChange::Rules { rules, changed: Rule::Slow });
        assert_eq!(change.to_string(), "slow: one message from each person in 30s");
        let expected = serde_json::json!({
            "event": "rules", "locked": false, "lobby": false, "slow": 30, "fade": 0, "ends_at": null,
        });
        assert_eq!(serde_json::to_value(&change).unwrap(), expected);
    }
}
