//! Bytes in JSON: base64url without padding (RFC 4648, section 5), and in the canonical form only, so that
//! equal bytes have equal texts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// At most `MAX` bytes that this program passes on and does not look into, such as a sealed message. Hidden
/// from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Opaque<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Opaque<MAX> {
    /// Takes over `bytes`; `None` if there are more than `MAX`.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= MAX).then_some(Self(bytes))
    }

    /// Parses canonical base64url without padding, of at most `MAX` bytes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Before decoding, so that a long text is refused without work.
        if text.len() > (MAX * 4).div_ceil(3) {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok().and_then(Self::new)
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as they stand in JSON.
    pub(crate) fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

impl<const MAX: usize> std::fmt::Debug for Opaque<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opaque({} bytes)", self.0.len())
    }
}

impl<const MAX: usize> Serialize for Opaque<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Opaque<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        // The error does not repeat the text, which may be anything.
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format_args!("not base64url of at most {MAX} bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_survive_their_text_form(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let opaque = Opaque::<32>::new(bytes.clone());
            prop_assert_eq!(opaque.is_some(), bytes.len() <= 32);
            let text = URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert_eq!(Opaque::<32>::parse(&text).map(|it| it.as_bytes().to_vec()), opaque.map(|it| it.0));
        }

        #[test]
        fn one_value_has_one_text(text in "[A-Za-z0-9_=+/-]{0,12}") {
            if let Some(opaque) = Opaque::<16>::parse(&text) {
                prop_assert_eq!(opaque.to_text(), text);
            }
        }
    }
}
