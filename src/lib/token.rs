//! Random secrets: the ticket in the link, and the resume tokens of participants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

/// 128 bits cannot be guessed while a session lasts, and take 22 characters in a link.
const TOKEN_BYTES: usize = 16;

/// Length of a token as base64url without padding.
pub(crate) const TOKEN_CHARACTERS: usize = 22;

/// A random secret that admits its holder. Hidden from `Debug`, compared in constant time, overwritten
/// when it is dropped.
///
/// Boxed, because a value that is moved leaves copies on the stack.
#[derive(Clone)]
pub(crate) struct Token(Box<[u8; TOKEN_BYTES]>);

impl Token {
    /// Generates one from the kernel's randomness.
    ///
    /// # Errors
    /// When the kernel has none.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut token = Self(Box::new([0; TOKEN_BYTES]));
        getrandom::fill(&mut *token.0)?;
        Ok(token)
    }

    /// Parses 22 characters of base64url (RFC 4648, section 5, without padding).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Before decoding, so that a long text is refused without work.
        if text.len() != TOKEN_CHARACTERS {
            return None;
        }
        let mut token = Self(Box::new([0; TOKEN_BYTES]));
        let decoded = URL_SAFE_NO_PAD.decode_slice(text, &mut *token.0);
        (decoded == Ok(TOKEN_BYTES)).then_some(token)
    }

    /// Copies a secret that was derived; the copy that the caller has is not overwritten.
    pub(crate) fn copy_from(bytes: &[u8; TOKEN_BYTES]) -> Self {
        let mut token = Self(Box::new([0; TOKEN_BYTES]));
        token.0.copy_from_slice(bytes);
        token
    }

    /// The bytes, from which others are derived.
    pub(crate) fn as_bytes(&self) -> &[u8; TOKEN_BYTES] {
        &self.0
    }

    /// The 22 characters for a link or a header.
    pub(crate) fn expose_secret(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }
}

/// The link to a room under `address`, a scheme and a host: the route of its page, with the ticket.
pub(crate) fn room_link(address: &str, ticket: &Secret) -> Secret {
    Secret::new(format!("{address}/t/{}", &**ticket))
}

/// The link to a sealed room under `address`: its page, with the ticket in the fragment, which browsers
/// do not send.
pub(crate) fn sealed_room_link(address: &str, ticket: &Secret) -> Secret {
    Secret::new(format!("{address}/#1.{}", &**ticket))
}

/// A text that contains a secret: a link, a resume token, a ticket that a client sent. Hidden from
/// `Debug`, overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over `text`, which is overwritten when this is dropped.
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl std::ops::Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for Token {}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error does not repeat the text, which may be a secret but for one character.
        let text = Secret::deserialize(deserializer)?;
        Token::parse(&text).ok_or_else(|| de::Error::custom("not a token of 22 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_form_and_is_hidden_from_debug() {
        let token = Token::generate().unwrap();
        let text = token.expose_secret();
        assert_eq!(text.len(), TOKEN_CHARACTERS);
        assert_eq!(Token::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?} {text:?}").contains(&*text));
        assert_ne!(Token::generate().unwrap(), token);
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in
            ["", "short", &"A".repeat(23), "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAB"]
        {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }
}
