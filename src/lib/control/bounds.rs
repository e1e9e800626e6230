//! What a field of a message may hold. Checked where it is read: a message that breaks a bound is no
//! message, so nothing else of the program ever sees such a value.
//!
//! The room talks to strangers and cloudflared to the network: either may have been taken over, and
//! then says whatever harms the process that listens, or the eyes of its operator.

use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error};
use unicode_segmentation::UnicodeSegmentation as _;

use super::message::{Participant, Protection};
use crate::identity::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES, TAG_LENGTH, TAG_LETTERS};
use crate::process::{Confinement, Missing};
use crate::terminal::{is_one_piece, is_printable, is_sentence};

/// Numbers are exact up to here in every program that reads JSON (RFC 8259, section 6).
const MOST: u64 = (1 << 53) - 1;
/// Longest name in DNS, without the dot at its end (RFC 1035, section 3.1).
const HOST_BYTES: usize = 253;
/// Longest path that a call takes on Linux (`PATH_MAX`).
const PATH_BYTES: usize = 4096;
/// Longest version: ours has 5 bytes, cloudflared's 10, and it is asked for 64.
const VERSION_BYTES: usize = 64;
/// Layers of confinement that can be missing, and things that the trials try.
const MISSING: usize = 64;
/// A wait that a provider asks for: at most a day.
const WAIT_SECONDS: u64 = 86_400;
/// Largest file that is fetched, in bytes: far beyond any cloudflared.
const FILE_BYTES: u64 = 1 << 40;

/// A value of this type that passes `check`; `what` it should have been is said otherwise.
fn checked<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    what: &str,
    check: impl FnOnce(&T) -> bool,
) -> Result<T, D::Error> {
    let value = T::deserialize(from)?;
    // The value itself is not repeated: it may be anything.
    if check(&value) { Ok(value) } else { Err(D::Error::custom(format_args!("not {what}"))) }
}

/// Whether `text` can be a participant's name on a line of the operator's: 1 to 64 bytes, at most 20
/// graphemes, nothing that is not seen, and spaces only one by one between words.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.graphemes(true).count() <= MAX_NAME_GRAPHEMES
        && is_one_piece(text)
        && is_printable(text)
}

/// Whether `text` is `https://` and one name of DNS in lower case, with at least one dot in it and
/// nothing behind it.
fn is_url(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://") else {
        return false;
    };
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let named = host.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_alphabetic));
    host.len() <= HOST_BYTES && host.contains('.') && host.split('.').all(label) && named
}

fn is_version(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b".-+".contains(&b);
    (1..=VERSION_BYTES).contains(&text.len()) && text.bytes().all(letter)
}

pub(super) fn participant<'de, D: Deserializer<'de>>(from: D) -> Result<Participant, D::Error> {
    checked(from, "a participant", |who: &Participant| {
        let tag = who.tag.len() == TAG_LENGTH && who.tag.bytes().all(|b| TAG_LETTERS.contains(&b));
        (1..=MOST).contains(&who.number) && is_name(&who.name) && tag
    })
}

pub(super) fn protection<'de, D: Deserializer<'de>>(from: D) -> Result<Protection, D::Error> {
    checked(from, "what protects the room", |protection: &Protection| {
        let Confinement { missing } = &protection.confinement;
        missing.len() <= MISSING
            && missing.iter().all(|missing| match missing {
                Missing::Ports => true,
                Missing::Landlock { why: text }
                | Missing::Filter { why: text }
                | Missing::Privileges { why: text }
                | Missing::Breach { what: text } => is_sentence(text),
            })
    })
}

pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "https:// and a host name", |text: &String| is_url(text))
}

pub(super) fn sentence<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a sentence", |text: &String| is_sentence(text))
}

pub(super) fn version<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a version", |text: &String| is_version(text))
}

pub(super) fn maybe_version<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    checked(from, "a version", |text: &Option<String>| text.as_deref().is_none_or(is_version))
}

pub(super) fn digest<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "64 hexadecimal digits", |text: &String| {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        text.len() == 64 && text.bytes().all(digit)
    })
}

pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    checked(from, "an absolute path", |path: &PathBuf| {
        path.is_absolute() && path.as_os_str().len() <= PATH_BYTES
    })
}

pub(super) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    checked(from, "the length of a file", |bytes: &u64| *bytes <= FILE_BYTES)
}

pub(super) fn maybe_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    checked(from, "the length of a file", |bytes: &Option<u64>| {
        bytes.is_none_or(|bytes| bytes <= FILE_BYTES)
    })
}

pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    checked(from, "seconds of one day", |seconds: &u64| *seconds <= WAIT_SECONDS)
}

pub(super) fn maybe_seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    checked(from, "seconds of one day", |seconds: &Option<u64>| {
        seconds.is_none_or(|seconds| seconds <= WAIT_SECONDS)
    })
}
