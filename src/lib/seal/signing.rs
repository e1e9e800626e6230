//! Ed25519 (RFC 8032): who said what.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::secret_bytes::SecretBytes;

/// A signature in bytes.
pub(super) const SIGNATURE_BYTES: usize = 64;

/// A signing key. Boxed, hidden from `Debug`, overwritten when it is dropped.
pub(super) struct SigningSecret(Box<SigningKey>);

impl SigningSecret {
    pub(super) fn new(seed: &SecretBytes<32>) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed.as_bytes())))
    }

    pub(super) fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret(hidden)")
    }
}

/// Whether `public` may join: a point of the curve in its canonical form (RFC 8032, section 5.1.3), and not
/// of small order. Under a key of small order, anyone can sign.
pub(super) fn is_acceptable(public: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().as_bytes() == public)
}

/// Whether `signature` is of `message` by `public`: RFC 8032, section 5.1.7, without the cofactor, so that
/// all clients judge alike. `verify_strict` refuses more, which browsers accept.
pub(super) fn is_signed(
    public: &[u8; 32],
    message: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    use ed25519_dalek::Verifier as _;
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify(message, &Signature::from_bytes(signature)).is_ok())
}
