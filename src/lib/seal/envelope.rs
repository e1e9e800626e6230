//! Contents under a room key: a head in clear, then AES-256-GCM (NIST SP 800-38D) over the padded
//! content. The head is the nonce, so that none is used twice under one key.

use aes_gcm::aead::AeadInPlace as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce, Tag};
use zeroize::Zeroizing;

use super::derivation::RoomKey;
use super::padding::{self, TooLong};
use crate::box_head::{BoxHead, HEAD_BYTES, TAG_BYTES};

/// Seals the content, given in pieces. `info` derives the key and says what kind of content it is.
pub(super) fn seal(
    key: &RoomKey,
    info: &[&[u8]],
    head: BoxHead,
    pieces: &[&[u8]],
) -> Result<Vec<u8>, TooLong> {
    let mut padded = padding::pad(pieces)?;
    let head = head.to_bytes();
    let tag = cipher(key, info)
        .encrypt_in_place_detached(Nonce::from_slice(&head), &[], &mut padded)
        .expect("AES-GCM takes up to 64 GiB");
    Ok([&head[..], &padded, &tag].concat())
}

/// Opens what [`seal`] made; `None` if it was made with another key, for another purpose, or was altered.
pub(super) fn open(
    key: &RoomKey,
    info: &[&[u8]],
    sealed: &[u8],
) -> Option<(BoxHead, Zeroizing<Vec<u8>>)> {
    let head = BoxHead::parse(sealed)?;
    let (nonce, rest) = sealed.split_at_checked(HEAD_BYTES)?;
    let (padded, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
    let mut padded = Zeroizing::new(padded.to_vec());
    cipher(key, info)
        .decrypt_in_place_detached(Nonce::from_slice(nonce), &[], &mut padded, Tag::from_slice(tag))
        .ok()?;
    let content = Zeroizing::new(padding::unpad(&padded)?.to_vec());
    Some((head, content))
}

fn cipher(key: &RoomKey, info: &[&[u8]]) -> Aes256Gcm {
    Aes256Gcm::new(key.derive(info).as_bytes().into())
}
