//! Why a download is refused, for the person at the keyboard.

use std::path::PathBuf;

/// Why there is no managed cloudflared. Every sentence names the next step.
#[derive(Debug, thiserror::Error)]
pub(in crate::tunnel) enum InstallError {
    /// No folder for it.
    #[error("cloudflared cannot be kept in {path}: {source}; make room or rights there, or name a cloudflared with --cloudflared", path = path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server was not reached, or fell silent.
    #[error(
        "cloudflared cannot be fetched from {from}: {why}; check that this computer is online, or name a cloudflared with --cloudflared{}",
        stays(*.kept)
    )]
    Network {
        /// The server; the whole address was said before.
        from: String,
        /// What went wrong.
        why: String,
        /// Bytes that are here, from which the next try goes on.
        kept: u64,
    },
    /// The server has no such file.
    #[error(
        "cloudflared cannot be fetched from {from}: the server answered {status}; check tunnel.download_base, or name a cloudflared with --cloudflared"
    )]
    Status {
        /// The address.
        from: String,
        /// HTTP status.
        status: u16,
    },
    /// It sends more than the file has.
    #[error(
        "what {from} sends is longer than the {most} bytes of cloudflared and was thrown away; check tunnel.download_base"
    )]
    TooLong {
        /// The address.
        from: String,
        /// The bound.
        most: u64,
    },
    /// It is another file.
    #[error(
        "what {from} sent is not the cloudflared that this version trusts: its SHA-256 is {found}, expected {expected}; it was thrown away, check tunnel.download_base or the network in between"
    )]
    Mismatch {
        /// The address.
        from: String,
        /// In hex.
        found: String,
        /// In hex.
        expected: String,
    },
}

fn stays(bytes: u64) -> &'static str {
    if bytes == 0 { "" } else { "; what came so far is kept" }
}
