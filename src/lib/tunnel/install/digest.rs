//! SHA-256, by which each cloudflared is identified.

use std::io::{Read, Result};

use sha2::{Digest as _, Sha256};

/// Bound for a file that is hashed, and so for the time that hashing takes. Releases have 40 MB.
pub(in crate::tunnel) const MAX_PROGRAM_BYTES: u64 = 512 * 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;

/// SHA-256 of the rest of `from`, in lower-case hex. Fails when a read does.
pub(in crate::tunnel) fn sha256_hex(from: &mut impl Read) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut chunk)? {
            0 => return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hasher.update(&chunk[..read]),
        }
    }
}
