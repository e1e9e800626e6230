//! A message of a sealed room, as far as the server can read it: who sent it, and when its key was drawn.

use crate::base64url::Opaque;
use crate::control::MAX_SEALED_BYTES;

/// Bytes in front of what is encrypted: generation, number and counter, each a u32, big endian.
const HEAD_BYTES: usize = 12;

/// The tag of AES-GCM behind what is encrypted.
const TAG_BYTES: usize = 16;

/// Lengths to which a content is padded.
const PADDED_BYTES: [usize; 6] = [256, 512, 1024, 2048, 4096, 8192];

/// In a padded content, beside the text: its length, a signature, the kind of the message, and the counter
/// of the one before.
const OVERHEAD_BYTES: usize = 2 + 64 + 1 + 4;

/// What a client sent as the body of a message: opaque bytes of an allowed length, behind a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedBox {
    bytes: Opaque<MAX_SEALED_BYTES>,
    /// The generation of the key.
    pub(crate) generation: u32,
    /// The number of the sender.
    pub(crate) number: u32,
}

/// Why a text is no box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BoxError {
    /// Not base64url in its canonical form, or of a length that no content is padded to.
    #[error("that is not a sealed message; docs/protocol.md describes them")]
    Malformed,
    /// Longer than the longest message of the room.
    #[error("a message has at most {max_text_bytes} bytes; send a shorter one")]
    TooLong {
        /// Bytes of text that the operator allows.
        max_text_bytes: usize,
    },
}

impl SealedBox {
    /// Parses the text form of a box with a text of at most `max_text_bytes`, as far as its length shows
    /// that.
    ///
    /// # Errors
    /// When it is not canonical base64url, or has a length that no box of such a text has.
    pub(crate) fn parse(text: &str, max_text_bytes: usize) -> Result<Self, BoxError> {
        let bytes = Opaque::parse(text).ok_or(BoxError::Malformed)?;
        let padded = padded_length(&bytes).ok_or(BoxError::Malformed)?;
        let longest = PADDED_BYTES.into_iter().find(|len| max_text_bytes + OVERHEAD_BYTES <= *len);
        if longest.is_some_and(|longest| padded > longest) {
            return Err(BoxError::TooLong { max_text_bytes });
        }
        let word = |at| bytes.as_bytes().get(at..at + 4).and_then(|word| word.try_into().ok());
        let (generation, number) =
            (word(0).ok_or(BoxError::Malformed)?, word(4).ok_or(BoxError::Malformed)?);
        let (generation, number) = (u32::from_be_bytes(generation), u32::from_be_bytes(number));
        Ok(Self { bytes, generation, number })
    }

    /// The text form.
    pub(crate) fn to_text(&self) -> String {
        self.bytes.to_text()
    }
}

/// The length of the padded content in a box; `None` if no content is padded to it.
fn padded_length(bytes: &Opaque<MAX_SEALED_BYTES>) -> Option<usize> {
    let padded = bytes.as_bytes().len().checked_sub(HEAD_BYTES + TAG_BYTES)?;
    PADDED_BYTES.contains(&padded).then_some(padded)
}
