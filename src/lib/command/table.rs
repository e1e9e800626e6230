//! Every command, once.

use super::arguments::{self, ArgumentError};
use super::nearest::nearest;
use super::order::{Command, Topic};

/// A command: what it is called, what follows, and what it does.
pub(super) struct Row {
    pub(super) word: &'static str,
    /// The whole command: `[…]` may be left out, of `a|b` one is written, words in capital letters stand
    /// for values.
    pub(super) usage: &'static str,
    /// What it does, in at most 61 characters, so that a line of `help` fits in 80.
    pub(super) summary: &'static str,
    /// What has to be known beside it, in sentences. Empty if there is nothing.
    pub(super) details: &'static str,
    /// What Tab completes behind the word.
    pub(super) completes: Completes,
    /// Parses what follows the word.
    pub(super) parse: fn(&str) -> Result<Command, ArgumentError>,
}

/// What stands behind a command's word, as far as it can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completes {
    Nothing,
    /// A text with any characters.
    Text,
    Words(&'static [&'static str]),
    People,
    PeopleOrAll,
    Commands,
}

impl Row {
    /// Whether the rest of the line is a text, which another judges.
    pub(super) fn takes_text(&self) -> bool {
        self.completes == Completes::Text
    }
}

/// The row of a word, in any case.
pub(super) fn row(word: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.word.eq_ignore_ascii_case(word))
}

/// The command that was probably meant by `word`, which is none.
pub(super) fn nearest_command(word: &str) -> Option<&'static str> {
    let words = COMMANDS.iter().map(|row| row.word);
    let longest = words.clone().map(str::len).max().unwrap_or_default();
    // The distance takes time that grows with the length.
    if word.len() > 2 * longest {
        return None;
    }
    nearest(&word.to_lowercase(), words)
}

/// A command, or nothing. What follows it is ignored: `help kick WHO` is about `kick`.
fn topic(rest: &str) -> Result<Command, ArgumentError> {
    let Some(word) = rest.split_whitespace().next() else { return Ok(Command::Help(None)) };
    match row(word) {
        Some(row) => Ok(Command::Help(Some(Topic(row.word)))),
        None => Err(ArgumentError::Command(word.to_owned(), nearest_command(word))),
    }
}

/// In the order of `help`: people, the room, links, the session.
pub(super) static COMMANDS: &[Row] = &[
    Row {
        word: "who",
        usage: "who",
        summary: "list who is in the room, and who waits",
        details: "Shows number, name and tag, by what they are connected, since when, and whether they are \
                  muted.",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Who),
    },
    Row {
        word: "say",
        usage: "say TEXT",
        summary: "announce TEXT to everyone, as the host",
        details: "Pages and terminals mark an announcement in a way that no participant can imitate.",
        completes: Completes::Text,
        parse: |rest| arguments::text(rest).map(Command::Say),
    },
    Row {
        word: "kick",
        usage: "kick WHO",
        summary: "remove a participant at once",
        details: "They are told so, and cannot return to their seat; their name stays taken. They still have \
                  the link: lock, lobby on or relink keeps them out.",
        completes: Completes::People,
        parse: |rest| arguments::who(rest).map(Command::Kick),
    },
    Row {
        word: "mute",
        usage: "mute WHO [SPAN]",
        summary: "refuse what a participant says, for SPAN or until unmute",
        details: "It also holds after they reconnect. If the name ends in a word like 10m, put it in \
                  quotation marks.",
        completes: Completes::People,
        parse: |rest| arguments::who_and_span(rest).map(|(who, span)| Command::Mute(who, span)),
    },
    Row {
        word: "unmute",
        usage: "unmute WHO",
        summary: "let them speak again",
        details: "",
        completes: Completes::People,
        parse: |rest| arguments::who(rest).map(Command::Unmute),
    },
    Row {
        word: "slow",
        usage: "slow SPAN|off",
        summary: "one message per SPAN for each participant",
        details: "It does not hold for announcements of the host.",
        completes: Completes::Words(&["off"]),
        parse: |rest| arguments::span_or_off(rest).map(Command::Slow),
    },
    Row {
        word: "lock",
        usage: "lock",
        summary: "refuse newcomers",
        details: "Those who have a seat may return to it, and you can still admit those who wait in the \
                  lobby.",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Lock),
    },
    Row {
        word: "unlock",
        usage: "unlock",
        summary: "let newcomers join again",
        details: "",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Unlock),
    },
    Row {
        word: "lobby",
        usage: "lobby on|off",
        summary: "make newcomers wait until you admit them",
        details: "At most 32 people wait, each up to 5 minutes; others are told that the room is full. \
                  Turning it off admits none of them.",
        completes: Completes::Words(&["on", "off"]),
        parse: |rest| {
            arguments::on_or_off(rest)
                .map(|on| if on { Command::LobbyOn } else { Command::LobbyOff })
        },
    },
    Row {
        word: "admit",
        usage: "admit WHO|all",
        summary: "let in a person who waits, or all of them",
        details: "",
        completes: Completes::PeopleOrAll,
        parse: |rest| arguments::applicants(rest).map(Command::Admit),
    },
    Row {
        word: "refuse",
        usage: "refuse WHO|all",
        summary: "refuse a person who waits, or all of them",
        details: "",
        completes: Completes::PeopleOrAll,
        parse: |rest| arguments::applicants(rest).map(Command::Refuse),
    },
    Row {
        word: "link",
        usage: "link",
        summary: "show the link and its QR code again",
        details: "",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Link),
    },
    Row {
        word: "relink",
        usage: "relink",
        summary: "replace the link, and end all invites",
        details: "The old link admits no one any more. Everyone who is in the room stays.",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Relink),
    },
    Row {
        word: "invite",
        usage: "invite [N] [SPAN]",
        summary: "make another link, for N people within SPAN",
        details: "N is 1 and SPAN is 1h if they are left out. Only joining uses an invite up; opening or \
                  previewing the link does not.",
        completes: Completes::Nothing,
        parse: arguments::people_and_span,
    },
    Row {
        word: "links",
        usage: "links",
        summary: "list the invites, and what is left of them",
        details: "",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Links),
    },
    Row {
        word: "revoke",
        usage: "revoke N",
        summary: "end the invite with the number N",
        details: "Those who came by it stay.",
        completes: Completes::Nothing,
        parse: |rest| arguments::only_number(rest).map(Command::Revoke),
    },
    Row {
        word: "clear",
        usage: "clear",
        summary: "forget everything said so far",
        details: "The room forgets it, and every page and terminal empties its log. It cannot be taken back.",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Clear),
    },
    Row {
        word: "fade",
        usage: "fade SPAN|off",
        summary: "let each message disappear after SPAN",
        details: "It holds for the room and for every screen, also for what was said before. Everyone is \
                  told.",
        completes: Completes::Words(&["off"]),
        parse: |rest| arguments::span_or_off(rest).map(Command::Fade),
    },
    Row {
        word: "end",
        usage: "end [in SPAN]",
        summary: "end the session, now or in SPAN",
        details: "Everyone sees a countdown to an end that was set. An end without a time cannot be taken \
                  back.",
        completes: Completes::Words(&["in"]),
        parse: |rest| arguments::in_span(rest).map(Command::End),
    },
    Row {
        word: "stay",
        usage: "stay",
        summary: "take back the end that was set",
        details: "",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Stay),
    },
    Row {
        word: "panic",
        usage: "panic",
        summary: "end at once, without a question, and clear the screen",
        details: "Closes every connection, kills the tunnel, overwrites everything and deletes the event \
                  log. The last line says whether anything remains. It cannot be taken back.",
        completes: Completes::Nothing,
        parse: |rest| arguments::none(rest, Command::Panic),
    },
    Row {
        word: "help",
        usage: "help [COMMAND]",
        summary: "explain all commands, or one",
        details: "",
        completes: Completes::Commands,
        parse: topic,
    },
];
