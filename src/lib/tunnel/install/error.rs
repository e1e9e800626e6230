//! Every reason why cloudflared was not installed, each as one sentence with the next step.

use std::path::PathBuf;

/// Why cloudflared was not installed. Digests are SHA-256 in hex.
#[derive(Debug, thiserror::Error)]
pub(in crate::tunnel) enum InstallError {
    /// A file or folder cannot be created, read or written.
    #[error("cloudflared cannot be kept in {path}: {source}; make room or rights there, or name a cloudflared with --cloudflared", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Names the server alone: the whole address was printed before.
    #[error(
        "cloudflared cannot be fetched from {server}: {why}; check that this computer is online, or name a cloudflared with --cloudflared{}",
        next_try(*.kept)
    )]
    Network {
        server: String,
        why: String,
        /// Bytes from which the next download resumes.
        kept: u64,
    },
    /// An HTTP status other than 200 and 206.
    #[error(
        "cloudflared cannot be fetched from {url}: the server answered {status}; check tunnel.download_base, or name a cloudflared with --cloudflared"
    )]
    Status { url: String, status: u16 },
    /// More than the pinned size, or than the bound without one.
    #[error(
        "{url} sends more than the {max_bytes} bytes of cloudflared, so the download was deleted; check tunnel.download_base"
    )]
    TooLong { url: String, max_bytes: u64 },
    /// The whole file has another digest than the pinned one.
    #[error(
        "{url} sent a file that is not the cloudflared that this version trusts: its SHA-256 is {found}, expected {expected}; it was deleted, check tunnel.download_base or the network in between"
    )]
    Mismatch { url: String, found: String, expected: String },
}

fn next_try(bytes: u64) -> &'static str {
    if bytes == 0 { "" } else { "; the next try resumes the download" }
}
