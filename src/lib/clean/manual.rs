//! The manual page of `chattrace-clean`.

use clap::CommandFactory as _;

use super::cli::CleanCli;
use crate::exit::Exit;
use crate::manual::{Manual, exit_codes, files, variables};
use crate::paths::{self, Artifact};
use crate::terminal;

const DESCRIPTION: &[&str] = &[
    "chattrace-clean removes what sessions have left that could not end in order: after a power cut, say, \
     or when every process was killed at once. On request it also removes saved event logs, and the \
     downloaded cloudflared.",
    "It removes the files in FILES below and no others, follows no link, crosses no mount, and counts only \
     what it has seen gone. It names what remains. The paths that it removes are written to standard \
     output, unless that is a terminal.",
    "Files are overwritten before they are removed. On flash memory, and on file systems that copy on \
     write or keep a journal of data, older copies may remain.",
];

const DETAILS: &[(&str, &str)] = &[
    ("all", "Afterwards it is as if chattrace had never been started."),
    ("dry_run", "Nothing is removed, and nothing is asked."),
    ("yes", "Without a terminal, a level above --stale needs this option."),
    ("json", "For each thing that was found: path, bytes, kind, removed, and why it remains."),
];

/// The manual page.
pub(crate) fn manual() -> Manual {
    Manual {
        command: CleanCli::command(),
        description: DESCRIPTION,
        details: DETAILS.to_vec(),
        commands: Vec::new(),
        exit_codes: exit_codes(&[
            Exit::Ended,
            Exit::Remains,
            Exit::Usage,
            Exit::Unavailable,
            Exit::Failed,
            Exit::Config,
        ]),
        files: files(Artifact::ALL),
        environment: variables(&[terminal::VARIABLES, paths::VARIABLES]),
    }
}
