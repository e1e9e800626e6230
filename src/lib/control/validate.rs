//! Bounds of every field of a message, checked while it is parsed: a message that breaks one is
//! malformed, so no other code of the program ever handles such a value.
//!
//! Serve faces the clients and cloudflared the network. Either may have been taken over and send values
//! that harm the supervisor or deceive its operator.

use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::identity::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES, TAG_LENGTH, TAG_LETTERS};
use crate::process::{Confinement, MissingLayer};
use crate::quick_tunnel::QuickTunnelName;
use crate::terminal::{is_printable, is_sanitized_line, is_single_spaced};

/// Numbers are exact up to here in every program that parses JSON (RFC 8259, section 6).
const MAX_INTEGER: u64 = (1 << 53) - 1;
/// Longest path that a system call takes on Linux (`PATH_MAX`).
const MAX_PATH_BYTES: usize = 4096;
/// Longest version: ours has 5 bytes, cloudflared's 10, of whose output 64 bytes are read.
const MAX_VERSION_BYTES: usize = 64;
/// Missing layers and breaches in one report; there are 4 layers and 24 probes.
const MAX_MISSING_LAYERS: usize = 64;
/// Longest wait that a provider may ask for: a day.
const MAX_WAIT_SECONDS: u64 = 86_400;
/// Largest file that is downloaded: far beyond any cloudflared.
const MAX_FILE_BYTES: u64 = 1 << 40;

/// Deserializes a value and checks it; `expected` completes the error "not …".
fn checked<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    expected: &str,
    check: impl FnOnce(&T) -> bool,
) -> Result<T, D::Error> {
    let value = T::deserialize(from)?;
    // The error does not repeat the value, which may be anything.
    if check(&value) { Ok(value) } else { Err(D::Error::custom(format_args!("not {expected}"))) }
}

/// Whether `text` may stand as a participant's name on a line of the operator's terminal: 1 to 64
/// bytes, at most 20 graphemes, nothing invisible, and single spaces only between words.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.graphemes(true).count() <= MAX_NAME_GRAPHEMES
        && is_single_spaced(text)
        && is_printable(text)
}

/// Whether `text` is `https://` and the name of a quick tunnel, and nothing more.
fn is_url(text: &str) -> bool {
    text.strip_prefix("https://").is_some_and(QuickTunnelName::is_valid)
}

fn is_version(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b".-+".contains(&b);
    (1..=MAX_VERSION_BYTES).contains(&text.len()) && text.bytes().all(letter)
}

/// A participant's number: from 1 to [`MAX_INTEGER`].
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    checked(from, "a participant's number", |number| (1..=MAX_INTEGER).contains(number))
}

/// A list of at most `max` elements.
pub(super) fn at_most<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    what: &'static str,
    max: usize,
) -> Result<Vec<T>, D::Error> {
    checked(from, what, |list: &Vec<T>| list.len() <= max)
}

/// A participant's name, by [`is_name`].
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a name", |text: &String| is_name(text))
}

/// A participant's tag: three letters of those that serve draws from.
pub(super) fn tag<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a tag", |text: &String| {
        text.len() == TAG_LENGTH && text.bytes().all(|b| TAG_LETTERS.contains(&b))
    })
}

/// What serve's sandbox lacks: at most 64 layers, each reason one printable line.
pub(super) fn confinement<'de, D: Deserializer<'de>>(from: D) -> Result<Confinement, D::Error> {
    checked(from, "a confinement", |Confinement { missing }: &Confinement| {
        missing.len() <= MAX_MISSING_LAYERS
            && missing.iter().all(|missing| match missing {
                MissingLayer::Ports => true,
                MissingLayer::Landlock { why: text }
                | MissingLayer::Filter { why: text }
                | MissingLayer::Privileges { why: text }
                | MissingLayer::Breach { what: text } => is_sanitized_line(text),
            })
    })
}

/// A public address: `https://` and the name of a quick tunnel, without port or path.
pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "https:// and the name of a quick tunnel", |text: &String| is_url(text))
}

/// Text that is printed as part of a line: bounded and printable.
pub(super) fn sentence<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a sentence", |text: &String| is_sanitized_line(text))
}

/// A [`sentence`], or `null`.
pub(super) fn maybe_sentence<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    checked(from, "a sentence", |text: &Option<String>| {
        text.as_deref().is_none_or(is_sanitized_line)
    })
}

/// A program's version: 1 to 64 letters, digits, `.`, `-` and `+`.
pub(super) fn version<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a version", |text: &String| is_version(text))
}

/// A [`version`], or `null`.
pub(super) fn maybe_version<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    checked(from, "a version", |text: &Option<String>| text.as_deref().is_none_or(is_version))
}

/// A SHA-256 digest in lower-case hexadecimal.
pub(super) fn digest<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "64 hexadecimal digits", |text: &String| {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        text.len() == 64 && text.bytes().all(digit)
    })
}

/// An absolute path that a system call takes. It may hold control characters.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    checked(from, "an absolute path", |path: &PathBuf| {
        path.is_absolute() && path.as_os_str().len() <= MAX_PATH_BYTES
    })
}

/// The length of a file, up to [`MAX_FILE_BYTES`].
pub(super) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    checked(from, "the length of a file", |bytes: &u64| *bytes <= MAX_FILE_BYTES)
}

/// A length as [`bytes`] takes it, or `null`.
pub(super) fn maybe_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    checked(from, "the length of a file", |bytes: &Option<u64>| {
        bytes.is_none_or(|bytes| bytes <= MAX_FILE_BYTES)
    })
}

/// A wait of at most a day, in seconds.
pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    checked(from, "seconds of one day", |seconds: &u64| *seconds <= MAX_WAIT_SECONDS)
}

/// A wait as [`seconds`] takes it, or `null`.
pub(super) fn maybe_seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    checked(from, "seconds of one day", |seconds: &Option<u64>| {
        seconds.is_none_or(|seconds| seconds <= MAX_WAIT_SECONDS)
    })
}
