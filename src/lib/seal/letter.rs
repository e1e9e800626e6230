//! The letter: what one person is told of a generation, in a transport message of their Noise session
//! (Noise, section 5.1) whose nonce is the generation.

use super::derivation::RoomKey;
use crate::secret_bytes::SecretBytes;

/// A letter in bytes, with the tag of AES-GCM.
pub const LETTER_BYTES: usize = CONTENT_BYTES + crate::box_head::TAG_BYTES;

/// Room key, hash of the circle, seconds.
pub(super) const CONTENT_BYTES: usize = 32 + 32 + 4;

/// The content of a letter.
pub(super) struct Letter {
    pub(super) key: RoomKey,
    /// [`circle_hash`](super::circle_hash) of all who share the key.
    pub(super) circle: [u8; 32],
    /// From the start of the session to this generation, in seconds.
    pub(super) seconds: u32,
}

impl Letter {
    pub(super) fn to_bytes(&self) -> SecretBytes<CONTENT_BYTES> {
        let mut content = SecretBytes::<CONTENT_BYTES>::zero();
        let bytes = content.as_mut_bytes();
        bytes[..32].copy_from_slice(self.key.as_bytes());
        bytes[32..64].copy_from_slice(&self.circle);
        bytes[64..].copy_from_slice(&self.seconds.to_be_bytes());
        content
    }

    /// `None` if `content` has another length.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let (key, rest) = content.split_first_chunk::<32>()?;
        let (circle, rest) = rest.split_first_chunk::<32>()?;
        let seconds = u32::from_be_bytes(rest.try_into().ok()?);
        Some(Self { key: RoomKey::new(SecretBytes::copy_from(key)), circle: *circle, seconds })
    }
}
