//! Padding: a length in 16 bits, the content, and zeros up to one of six lengths. What can be seen of a
//! sealed content is one of these lengths.

use zeroize::Zeroizing;

use crate::box_head::PADDED_BYTES;

/// Longest content in bytes.
pub const MAX_CONTENT_BYTES: usize = 8192 - LENGTH_BYTES;

/// The length field in bytes.
const LENGTH_BYTES: usize = 2;

/// The content does not fit into the largest padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed content has at most {MAX_CONTENT_BYTES} bytes; shorten it")]
pub struct TooLong;

/// Pads the content, given in pieces, to the smallest length that fits.
pub(super) fn pad(pieces: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let fits = |padded: &&usize| length + LENGTH_BYTES <= **padded;
    let padded = PADDED_BYTES.iter().find(fits).ok_or(TooLong)?;
    let length = u16::try_from(length).map_err(|_| TooLong)?;
    // With the tag of AES-GCM, so that no copy is left behind by a buffer that grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(padded + crate::box_head::TAG_BYTES));
    bytes.extend_from_slice(&length.to_be_bytes());
    for piece in pieces {
        bytes.extend_from_slice(piece);
    }
    bytes.resize(*padded, 0);
    Ok(bytes)
}

/// The content in `padded`; `None` if it is not the one result of [`pad`] for this content.
pub(super) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (content, zeros) = rest.split_at_checked(length)?;
    let fits = |step: &&usize| length + LENGTH_BYTES <= **step;
    let smallest = PADDED_BYTES.iter().find(fits) == Some(&padded.len());
    (smallest && zeros.iter().all(|byte| *byte == 0)).then_some(content)
}
