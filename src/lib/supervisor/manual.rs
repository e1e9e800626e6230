//! The manual page of `chattrace`.

use clap::CommandFactory as _;

use super::cli::Cli;
use crate::exit::Exit;
use crate::manual::{Manual, exit_codes, files, variables};
use crate::paths::{self, Artifact};
use crate::{command, config, log, terminal};

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
    ("logs", "Without an answer, the log is deleted. A save that fails leaves no file."),
    ("archive_dir", "Event logs are written nowhere else."),
    (
        "json",
        "Each has its name in event: link, joined, left, tunnel, closing, closed. None contains a message.",
    ),
    (
        "quiet",
        "The link is printed all the same; the event log is deleted unless --logs says otherwise.",
    ),
];

/// The manual page.
pub(crate) fn manual() -> Manual {
    let tables = [terminal::VARIABLES, paths::VARIABLES, paths::NETWORK_VARIABLES, log::VARIABLES];
    Manual {
        command: Cli::command(),
        description: DESCRIPTION,
        details: [config::ROOM_DETAILS, DETAILS].concat(),
        commands: command::manual_entries(),
        exit_codes: exit_codes(Exit::ALL),
        files: files(Artifact::ALL),
        environment: variables(&tables),
    }
}
