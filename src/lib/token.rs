//! Secrets of 128 random bits: the ticket in the link, and the resume tokens of participants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

/// 128 bits: beyond guessing for as long as any session lasts, and 22 characters in a link.
const TOKEN_BYTES: usize = 16;

/// A random secret. Whoever holds it may do what it stands for, so it never shows in `Debug`, two of
/// them are compared in constant time, and it is overwritten when it is dropped.
///
/// In a box, because what moves leaves copies behind on the stack.
#[derive(Clone)]
pub(crate) struct Token(Box<[u8; TOKEN_BYTES]>);

impl Token {
    /// Draws one from the kernel.
    ///
    /// # Errors
    /// When the kernel has no randomness to give, which it then says for itself.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut token = Self(Box::new([0; TOKEN_BYTES]));
        getrandom::fill(&mut *token.0)?;
        Ok(token)
    }

    /// Reads 22 characters of base64url (RFC 4648, section 5, without padding).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Checked before decoding: a megabyte of base64 is not worth a megabyte of memory.
        if text.len() != 22 {
            return None;
        }
        let mut token = Self(Box::new([0; TOKEN_BYTES]));
        let decoded = URL_SAFE_NO_PAD.decode_slice(text, &mut *token.0);
        (decoded == Ok(TOKEN_BYTES)).then_some(token)
    }

    /// The 22 characters that stand in a link or a header. Named for what it does: the secret
    /// leaves its wrapping here.
    pub(crate) fn expose_secret(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }
}

/// A text that holds a secret: a link, a resume token, a ticket as somebody sent it. It never shows
/// in `Debug`, and is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `text` into custody.
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
        // The text itself stays out of the error: it may be nearly a secret.
        let text = Secret::deserialize(deserializer)?;
        Token::parse(&text).ok_or_else(|| de::Error::custom("not a token of 22 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_hides_from_debug() {
        let token = Token::generate().unwrap();
        let text = token.expose_secret();
        assert_eq!(text.len(), 22);
        assert_eq!(Token::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?} {text:?}").contains(&*text));
        assert_ne!(Token::generate().unwrap(), token);
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for text in
            ["", "short", &"A".repeat(23), "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAB"]
        {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }
}
