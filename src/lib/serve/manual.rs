//! The manual page of `chattrace-serve`.

use clap::CommandFactory as _;

use super::cli::ServeCli;
use crate::config;
use crate::exit::Exit;
use crate::manual::{Manual, exit_codes, files, variables};
use crate::{paths, terminal};

const DESCRIPTION: &[&str] = &[
    "chattrace-serve serves one chat room from memory, without a tunnel and without a screen. It is the \
     part of chattrace that faces the network, and can be used alone, for a network of your own or behind \
     another tunnel.",
    "It prints the link on standard output when it accepts connections. Before the first of them, it gives \
     up every right that it does not need: from then on the kernel lets it open no file, start no program \
     and open no connection. It ends at TERM or INT, or when the reader of its output ends; with it, all \
     messages are gone.",
];

const DETAILS: &[(&str, &str)] = &[
    (
        "json",
        "Each has its name in event: ready, joined, left, closing, closed. None contains a message.",
    ),
    (
        "self_test",
        "Every attempt must fail: opening and creating files, starting programs, connecting. Ends with 0 \
         if all of them do.",
    ),
];

/// The manual page.
pub(crate) fn manual() -> Manual {
    Manual {
        command: ServeCli::command(),
        description: DESCRIPTION,
        details: [config::ROOM_DETAILS, DETAILS].concat(),
        commands: Vec::new(),
        exit_codes: exit_codes(&[
            Exit::Ended,
            Exit::Usage,
            Exit::Unavailable,
            Exit::Failed,
            Exit::Config,
            Exit::Killed,
        ]),
        files: files(&[]),
        environment: variables(&[terminal::VARIABLES, &paths::VARIABLES[..2]]),
    }
}
