//! A message of a sealed room, as far as the server can read it: who sent it, and when its key was drawn.

use crate::base64url::Opaque;
use crate::box_head::{BoxHead, HEAD_BYTES, PADDED_BYTES, TAG_BYTES};
use crate::control::MAX_SEALED_BYTES;

/// In a padded content, beside the text: its length, a signature, the kind of the message, and the counter
/// of the one before.
const OVERHEAD_BYTES: usize = 2 + 64 + 1 + 4;

/// What a client sent as the body of a message: opaque bytes of an allowed length, behind a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedBox {
    bytes: Opaque<MAX_SEALED_BYTES>,
    pub(crate) head: BoxHead,
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
        let bytes = Opaque::<MAX_SEALED_BYTES>::parse(text).ok_or(BoxError::Malformed)?;
        let head = BoxHead::parse(bytes.as_bytes()).ok_or(BoxError::Malformed)?;
        let longest = PADDED_BYTES.into_iter().find(|len| max_text_bytes + OVERHEAD_BYTES <= *len);
        let max_bytes = longest.unwrap_or(MAX_SEALED_BYTES) + HEAD_BYTES + TAG_BYTES;
        if bytes.as_bytes().len() > max_bytes {
            return Err(BoxError::TooLong { max_text_bytes });
        }
        Ok(Self { bytes, head })
    }

    /// The text form.
    pub(crate) fn to_text(&self) -> String {
        self.bytes.to_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(length: usize) -> String {
        Opaque::<MAX_SEALED_BYTES>::new(vec![1; length]).map(|bytes| bytes.to_text()).unwrap()
    }

    #[test]
    fn a_box_has_one_of_six_lengths() {
        let allowed: Vec<usize> = (0..=MAX_SEALED_BYTES)
            .filter(|len| SealedBox::parse(&text_of(*len), 4096).is_ok())
            .collect();
        assert_eq!(allowed, [284, 540, 1052, 2076, 4124, 8220]);
        // Three bytes more, in as many characters as the longest has.
        assert_eq!(SealedBox::parse(&"A".repeat(10_964), 4096), Err(BoxError::Malformed));
    }

    #[test]
    fn the_head_is_read_and_the_text_form_is_canonical() {
        let text = text_of(284);
        let parsed = SealedBox::parse(&text, 4096).unwrap();
        let word = 0x0101_0101;
        assert_eq!(parsed.head, BoxHead { generation: word, number: word, counter: word });
        assert_eq!(parsed.to_text(), text);
        for other in [format!("{text}="), text.replacen('A', "+", 1), text[1..].to_owned()] {
            assert_eq!(SealedBox::parse(&other, 4096), Err(BoxError::Malformed), "{other}");
        }
    }

    /// The longest text that fits 256 bytes with what is beside it has 185.
    #[test]
    fn a_box_is_no_longer_than_the_longest_message_needs() {
        assert!(SealedBox::parse(&text_of(284), 185).is_ok());
        let error = SealedBox::parse(&text_of(540), 185).unwrap_err();
        assert_eq!(error.to_string(), "a message has at most 185 bytes; send a shorter one");
        assert!(SealedBox::parse(&text_of(540), 186).is_ok());
    }
}
