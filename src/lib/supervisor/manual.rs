//! The manual page of `chattrace`.

use clap::CommandFactory as _;

use super::cli::Cli;
use crate::command;
use crate::control::VERSION;
use crate::exit::Exit;
use crate::manual::{Entry, Manual, exit_codes, files, variables};
use crate::paths::{self, Artifact};
use crate::{config, log, terminal};

const DESCRIPTION: &[&str] = &[
    "chattrace opens a chat room and prints a link to it. Everyone with the link can join in a browser, \
     without an account. The room lives as long as the terminal: when the session ends, its processes, \
     its public address, its messages and its event log are gone. Messages are never written to a disk.",
    "The room is served on this computer by chattrace-serve, which the kernel confines: it can open no \
     file, start no program and open no connection. chattrace-tunnel gives it a public address by means \
     of cloudflared, which is downloaded if it is missing and checked against a known SHA-256. The \
     room is sealed: what is said can be read by the people in it and by no one else, unless it is started \
     with --open; then the tunnel provider can read it as well. Without a tunnel (--tunnel none) the link \
     works on this computer only.",
    "The link is written to standard output; everything for people is written to standard error. Ctrl+C \
     ends the session, and so does a closed terminal, a signal (TERM, HUP) or the end of a pipe on \
     standard input. The participants are told, and chattrace asks about the event log (times, joins and \
     leaves, no messages), which is deleted unless it is saved. At last chattrace checks that nothing \
     remains. A second Ctrl+C kills everything at once.",
    "A session without a terminal: setsid chattrace </dev/null >link.txt 2>session.log",
];

const DETAILS: &[(&str, &str)] = &[
    (
        "tunnel",
        "With auto, the session goes on with a local link when there is no public address, and tries \
         again later. With cloudflared, it then ends with code 69.",
    ),
    (
        "cloudflared",
        "Managed is the copy that chattrace has downloaded. Without any, one is downloaded.",
    ),
    (
        "lobby",
        "They see that you were asked. At most 32 wait, each up to 5 minutes; others are told that the room is full.",
    ),
    (
        "duration",
        "SPAN is a whole number and a unit: 30s, 10m, 2h. Everyone sees a countdown in the last five minutes.",
    ),
    ("idle", "SPAN as with --for."),
    (
        "check",
        "One line for each check, on standard output. The code is 0 if a session could begin, else 69.",
    ),
    ("logs", "Without an answer, the log is deleted. A save that fails leaves no file."),
    ("archive_dir", "Event logs are written nowhere else."),
    (
        "json",
        "Each has its name in event, such as link, joined, left, rules or closed. None contains a message.",
    ),
    (
        "quiet",
        "The link is printed all the same; the event log is deleted unless --logs says otherwise.",
    ),
];

const CTL_DESCRIPTION: &[&str] = &[
    "chattrace ctl gives one command to a session of the same user that is running, as if it were typed at the \
     session's own terminal, and prints the answer. WHO is a number, a name or name#tag; SPAN is 30s, 10m or 2h.",
    "Options may stand behind the command. A text or a name that begins with a hyphen is written behind --. \
     While several sessions are running, one is chosen by its ID, which chattrace ctl names.",
];

/// The manual page of `chattrace ctl`.
pub(crate) fn ctl_manual() -> Manual {
    let mut command = Cli::command();
    let ctl = command.find_subcommand_mut("ctl").cloned();
    Manual {
        command: ctl.unwrap_or_default().name("chattrace-ctl").version(VERSION),
        description: CTL_DESCRIPTION,
        details: Vec::new(),
        commands: command::manual_entries(),
        exit_codes: [
            ("0", "the command was carried out"),
            ("1", "it was refused, for the reason on stderr, or several sessions are running"),
            ("2", "the command line is wrong"),
            ("69", "no session is running, or it does not answer"),
        ]
        .map(|(code, text)| Entry::new(code, text))
        .into(),
        files: files(&[Artifact::ControlSocket]),
        environment: variables(&[paths::VARIABLES]),
    }
}

/// The manual page.
pub(crate) fn manual() -> Manual {
    let tables = [terminal::VARIABLES, paths::VARIABLES, paths::NETWORK_VARIABLES, log::VARIABLES];
    Manual {
        command: Cli::command(),
        description: DESCRIPTION,
        details: [config::ROOM_DETAILS, DETAILS].concat(),
        commands: Vec::new(),
        exit_codes: exit_codes(Exit::ALL),
        files: files(Artifact::ALL),
        environment: variables(&tables),
    }
}
