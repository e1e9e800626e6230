//! Secret keys as bytes.

use zeroize::Zeroize as _;

/// `N` secret bytes. Hidden from `Debug`, overwritten when they are dropped.
///
/// Boxed, because a value that is moved leaves copies on the stack.
#[derive(Clone)]
pub struct SecretBytes<const N: usize>(Box<[u8; N]>);

impl<const N: usize> SecretBytes<N> {
    /// Draws them from the kernel's randomness (getrandom(2)).
    ///
    /// # Errors
    /// When the kernel has none.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = Self::zero();
        getrandom::fill(secret.as_mut_bytes())?;
        Ok(secret)
    }

    /// Copies `bytes`; the copy that the caller has is not overwritten.
    pub fn copy_from(bytes: &[u8; N]) -> Self {
        let mut secret = Self::zero();
        secret.0.copy_from_slice(bytes);
        secret
    }

    /// Zeros, to be filled in place.
    pub(crate) fn zero() -> Self {
        Self(Box::new([0; N]))
    }

    /// The bytes, to be read in place.
    pub fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> std::fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBytes(hidden)")
    }
}
