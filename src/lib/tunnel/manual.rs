//! The manual page of `chattrace-tunnel`.

use clap::CommandFactory as _;

use super::cli::TunnelCli;
use crate::exit::Exit;
use crate::manual::{Manual, exit_codes, files, variables};
use crate::paths::{self, Artifact};
use crate::terminal;

const DESCRIPTION: &[&str] = &[
    "chattrace-tunnel gives a web server on this computer a public address, by means of cloudflared and a \
     quick tunnel of Cloudflare, which needs no account. It prints the address on standard output when it \
     can be used, not before.",
    "cloudflared runs confined: it can read no file of the user, write none, and start no program. It ends \
     with chattrace-tunnel, however that ends. chattrace-tunnel ends at TERM or INT, or at the end of the \
     input that it read its origin from. The settings in ~/.cloudflared are not used.",
];

const DETAILS: &[(&str, &str)] = &[
    (
        "cloudflared",
        "Otherwise the downloaded copy is used, otherwise the one on PATH; without any, one is downloaded \
         and checked against a known SHA-256.",
    ),
    ("json", "Each has its name in event: starting, url, registered, reconnecting, lost, closed."),
    ("require_confinement", "Otherwise, what the kernel lacks is named, and cloudflared is run."),
];

/// The manual page.
pub(crate) fn manual() -> Manual {
    let tables = [terminal::VARIABLES, paths::VARIABLES, paths::NETWORK_VARIABLES];
    Manual {
        command: TunnelCli::command(),
        description: DESCRIPTION,
        details: DETAILS.to_vec(),
        commands: Vec::new(),
        exit_codes: exit_codes(Exit::ALL),
        files: files(&[
            Artifact::Session,
            Artifact::Lock,
            Artifact::LockDraft,
            Artifact::TunnelHome,
            Artifact::Cooldown,
            Artifact::Cloudflared,
            Artifact::Download,
        ]),
        environment: variables(&tables),
    }
}
