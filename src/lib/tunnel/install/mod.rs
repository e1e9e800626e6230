//! Downloads and installs the pinned release of cloudflared.

mod digest;
mod download;
mod error;
mod fetch;
#[cfg(test)]
mod file_server;
mod issuer;
mod network;
mod pin;
mod trust;

pub(super) use digest::{MAX_PROGRAM_BYTES, sha256_hex};
pub(super) use download::Download;
pub(super) use pin::Pin;
