//! Secrets of 128 random bits: the ticket in the link, and the resume tokens of participants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 128 bits: beyond guessing for as long as any session lasts, and 22 characters in a link.
const BYTES: usize = 16;

/// A random secret. Whoever holds it may do what it stands for, so it never shows in `Debug`,
/// and two of them are compared in constant time.
#[derive(Clone)]
pub(crate) struct Token([u8; BYTES]);

impl Token {
    /// Draws one from the kernel.
    ///
    /// # Errors
    /// When the kernel has no randomness to give, which it then says for itself.
    pub(crate) fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads 22 characters of base64url (RFC 4648, section 5, without padding).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Checked before decoding: a megabyte of base64 is not worth a megabyte of memory.
        if text.len() != 22 {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The 22 characters that stand in a link or a header. Named for what it does: the secret
    /// leaves its wrapping here.
    pub(crate) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        // Every byte is looked at, so the time taken says nothing about where they differ.
        self.0.iter().zip(other.0).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.reveal())
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text itself stays out of the error: it may be nearly a secret.
        let text = String::deserialize(deserializer)?;
        Token::parse(&text).ok_or_else(|| de::Error::custom("not a token of 22 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_hides_from_debug() {
        let token = Token::draw().unwrap();
        let text = token.reveal();
        assert_eq!(text.len(), 22);
        assert_eq!(Token::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?}").contains(&text));
        assert_ne!(Token::draw().unwrap(), token);
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
