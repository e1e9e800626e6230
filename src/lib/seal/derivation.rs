//! The secrets that follow from others: HKDF-SHA256 (RFC 5869) with an empty salt.

use hkdf::Hkdf;
use sha2::Sha256;

use crate::secret_bytes::SecretBytes;
use crate::token::Token;

/// The first `N` bytes that HKDF makes from the secret `ikm` for the purpose `info`, given in pieces.
pub(super) fn derive<const N: usize>(ikm: &[u8], info: &[&[u8]]) -> SecretBytes<N> {
    let mut output = SecretBytes::zero();
    Hkdf::<Sha256>::new(None, ikm)
        .expand_multi_info(info, output.as_mut_bytes())
        .expect("HKDF makes up to 8160 bytes");
    output
}

/// The secret in the link, 16 bytes: the fingerprint of the host's static key, with the name of the
/// protocol. It admits people, and lets none of them pose as the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket(Token);

impl Ticket {
    /// The ticket of the host that has the public key `host_static` (X25519).
    pub fn of(host_static: &[u8; 32]) -> Self {
        Self(Token::copy_from(derive::<16>(host_static, &[b"chattrace-1 ticket"]).as_bytes()))
    }

    /// Parses the 22 characters after `#1.` in a link; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Token::parse(text).map(Self)
    }

    /// The 22 characters for a link: a secret, which belongs into no log.
    pub fn to_text(&self) -> String {
        self.0.expose_secret().to_string()
    }

    /// What selects this link at the relay, and keeps strangers from costing the host anything. The relay
    /// and the provider of the tunnel know it; it admits to nothing.
    pub(crate) fn door(&self) -> Token {
        Token::copy_from(derive::<16>(self.0.as_bytes(), &[b"chattrace-1 door"]).as_bytes())
    }

    /// The name of the link at the relay as it stands in a knock: 22 characters of base64url.
    pub fn door_text(&self) -> String {
        self.door().expose_secret().to_string()
    }

    /// The key shared by all who have the link, for the handshake (Noise, section 9).
    pub(super) fn psk(&self) -> SecretBytes<32> {
        derive(self.0.as_bytes(), &[b"chattrace-1 psk"])
    }
}

/// The key of one generation: those who have it read what is said in that generation. Hidden from
/// `Debug`, overwritten when it is dropped.
#[derive(Clone, Debug)]
pub struct RoomKey(SecretBytes<32>);

impl RoomKey {
    /// Takes over 32 random bytes, which are used for one generation only.
    pub fn new(secret: SecretBytes<32>) -> Self {
        Self(secret)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key under which contents of one kind are sealed; `info` says which kind.
    pub(super) fn derive(&self, info: &[&[u8]]) -> SecretBytes<32> {
        derive(self.0.as_bytes(), info)
    }
}
