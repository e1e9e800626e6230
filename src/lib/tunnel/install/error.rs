//! Every reason why cloudflared was not installed, each as one sentence with the next step.

use std::path::PathBuf;

use super::network::NetworkFailure;
use super::trust::UnusableCertificates;

/// Why cloudflared was not installed. Digests are SHA-256 in hex.
#[derive(Debug, thiserror::Error)]
pub(in crate::tunnel) enum InstallError {
    /// A file or folder cannot be created, read or written.
    #[error("cloudflared cannot be kept in {path}: {source}; make room or rights there, or name a cloudflared with --cloudflared", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Names the server alone: the whole address was printed before.
    #[error(
        "cloudflared cannot be downloaded from {server}: {}; {}, or name a cloudflared with --cloudflared{}",
        failure.why(), failure.next_step(), next_try(*.kept)
    )]
    Network {
        server: String,
        failure: NetworkFailure,
        /// Bytes from which the next download resumes.
        kept: u64,
    },
    /// An HTTP status other than 200 and 206.
    #[error(
        "cloudflared cannot be downloaded from {url}: the server answered {status}; {}, or name a cloudflared with --cloudflared",
        after_status(*.status)
    )]
    Status { url: String, status: u16 },
    /// cloudflared could not use them either.
    #[error(
        "{variable} names {path}, and no certificate there can be used: {why}; correct {variable}, or unset it",
        path = path.display()
    )]
    Certificates { variable: &'static str, path: PathBuf, why: String },
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

/// What can be done about a status (RFC 9110, section 15; RFC 6585 for 429 and 511).
fn after_status(status: u16) -> &'static str {
    match status {
        407 => "check HTTPS_PROXY and its password",
        511 => "open the sign-in page of this network in a browser",
        429 | 500..=599 => "try again in a few minutes",
        _ => "check tunnel.download_base",
    }
}

impl From<UnusableCertificates> for InstallError {
    fn from(error: UnusableCertificates) -> Self {
        let UnusableCertificates { variable, path, why } = error;
        Self::Certificates { variable, path, why }
    }
}
