//! The forms in which a secret can be written down.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Each encoding of `secret` with its name, without the bytes that depend on what stands around it.
pub(super) fn encodings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        ("plain", secret.to_vec()),
        ("reversed", secret.iter().rev().copied().collect()),
        ("in hexadecimal digits", each(secret, |out, byte| write!(out, "{byte:02x}"))),
        ("in hexadecimal capitals", each(secret, |out, byte| write!(out, "{byte:02X}"))),
        ("escaped in JSON", each(secret, |out, byte| write!(out, "\\u{byte:04x}"))),
        ("escaped in a URL", each(secret, |out, byte| write!(out, "%{byte:02X}"))),
        ("as numbers", each(secret, |out, byte| write!(out, "{byte},"))),
        ("in capitals", secret.to_ascii_uppercase()),
        ("in UTF-16", secret.iter().flat_map(|byte| [*byte, 0]).collect()),
    ];
    // Where it begins in a group of three bytes is not known: the first and the last group are left out.
    for before in 0..3 {
        let groups = &secret[before..];
        let groups = &groups[..groups.len() / 3 * 3];
        all.push(("in base64", STANDARD_NO_PAD.encode(groups).into_bytes()));
        all.push(("in base64url", URL_SAFE_NO_PAD.encode(groups).into_bytes()));
    }
    all
}

fn each(secret: &[u8], write: impl Fn(&mut String, u8) -> std::fmt::Result) -> Vec<u8> {
    let mut out = String::new();
    secret.iter().for_each(|byte| write(&mut out, *byte).unwrap());
    out.into_bytes()
}
