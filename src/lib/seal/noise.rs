//! The handshake, `Noise_NXpsk0_25519_AESGCM_SHA256` of the Noise protocol framework (revision 34, with
//! the modifier of section 9), and the transport messages after it.

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState, StatelessTransportState};
use zeroize::Zeroizing;

use crate::box_head::TAG_BYTES;
use crate::secret_bytes::SecretBytes;

/// The first message in bytes: an ephemeral key, and the tag of an empty content.
pub const MESSAGE_1_BYTES: usize = 32 + TAG_BYTES;

/// The second message in bytes: an ephemeral key, the sealed static key, the tag of an empty content.
pub const MESSAGE_2_BYTES: usize = 32 + 32 + TAG_BYTES + TAG_BYTES;

/// The number of the one message in each direction that is not a letter: request, refusal.
pub(super) const FIRST_NONCE: u64 = 0;

const PROTOCOL: &str = "Noise_NXpsk0_25519_AESGCM_SHA256";
const PROLOGUE: &[u8] = b"chattrace-1";

/// The participant's side: the state of the handshake, and message 1.
pub(super) fn initiate(
    psk: &SecretBytes<32>,
    ephemeral: SecretBytes<32>,
) -> (HandshakeState, [u8; MESSAGE_1_BYTES]) {
    let mut state = builder(psk, ephemeral)
        .and_then(Builder::build_initiator)
        .expect("the initiator of NXpsk0 needs no other key");
    let mut message = [0; MESSAGE_1_BYTES];
    let written = state.write_message(&[], &mut message);
    assert_eq!(written, Ok(MESSAGE_1_BYTES), "message 1 has one length");
    (state, message)
}

/// The participant's side, after message 2: the session, and the static key of the host, which has to be
/// compared. `None` if the message does not open.
pub(super) fn finish(mut state: HandshakeState, message_2: &[u8]) -> Option<(Session, [u8; 32])> {
    read_exactly(&mut state, message_2, MESSAGE_2_BYTES)?;
    let host_static = state.get_remote_static()?.try_into().ok()?;
    Some((Session(state.into_stateless_transport_mode().ok()?), host_static))
}

/// The host's side: message 2 and the session. `None` if `message_1` does not open, which means that its
/// sender has another ticket.
pub(super) fn respond(
    psk: &SecretBytes<32>,
    host_static: &SecretBytes<32>,
    ephemeral: SecretBytes<32>,
    message_1: &[u8],
) -> Option<([u8; MESSAGE_2_BYTES], Session)> {
    let mut state = builder(psk, ephemeral)
        .and_then(|builder| builder.local_private_key(host_static.as_bytes()))
        .and_then(Builder::build_responder)
        .expect("the responder of NXpsk0 needs a static key");
    read_exactly(&mut state, message_1, MESSAGE_1_BYTES)?;
    let mut message = [0; MESSAGE_2_BYTES];
    let written = state.write_message(&[], &mut message);
    assert_eq!(written, Ok(MESSAGE_2_BYTES), "message 2 has one length");
    let session = state.into_stateless_transport_mode().expect("NX has two messages");
    Some((message, Session(session)))
}

/// The public half of an X25519 key (RFC 7748, section 6.1).
pub(super) fn public_key(secret: &SecretBytes<32>) -> [u8; 32] {
    let mut key = DefaultResolver.resolve_dh(&DHChoice::Curve25519).expect("snow has X25519");
    key.set(secret.as_bytes());
    key.pubkey().try_into().expect("an X25519 key has 32 bytes")
}

fn builder(psk: &SecretBytes<32>, ephemeral: SecretBytes<32>) -> Result<Builder<'_>, snow::Error> {
    let protocol = PROTOCOL.parse().expect("the name follows section 8 of Noise");
    Builder::with_resolver(protocol, Box::new(Resolver(ephemeral)))
        .prologue(PROLOGUE)?
        .psk(0, psk.as_bytes())
}

/// Reads a handshake message of `length` bytes, whose content is therefore empty.
fn read_exactly(state: &mut HandshakeState, message: &[u8], length: usize) -> Option<()> {
    if message.len() != length {
        return None;
    }
    state.read_message(message, &mut []).ok().map(drop)
}

/// A session after the handshake; messages in each direction are numbered by the caller, and no number may
/// be used for two contents. Its keys are overwritten when it is dropped.
pub(super) struct Session(StatelessTransportState);

impl Session {
    /// Seals `content` as the message with this number.
    pub(super) fn seal(&self, nonce: u64, content: &[u8]) -> Vec<u8> {
        let mut sealed = vec![0; content.len() + TAG_BYTES];
        let written = self.0.write_message(nonce, content, &mut sealed);
        assert_eq!(written, Ok(sealed.len()), "contents are far below 64 KiB");
        sealed
    }

    /// Opens the other side's message with this number.
    pub(super) fn open(&self, nonce: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut content = Zeroizing::new(vec![0; sealed.len().checked_sub(TAG_BYTES)?]);
        self.0.read_message(nonce, sealed, &mut content).ok()?;
        Some(content)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.0.rekey_manually(Some(&[0; 32]), Some(&[0; 32]));
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(hidden)")
    }
}

/// The primitives of RustCrypto, and in place of randomness the ephemeral key that the caller drew.
struct Resolver(SecretBytes<32>);

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Ephemeral(Some(self.0.clone()))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// Gives its bytes once; a second key is not drawn in this handshake.
struct Ephemeral(Option<SecretBytes<32>>);

impl Random for Ephemeral {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        let secret = self.0.take().ok_or(snow::Error::Rng)?;
        if dest.len() != secret.as_bytes().len() {
            return Err(snow::Error::Rng);
        }
        dest.copy_from_slice(secret.as_bytes());
        Ok(())
    }
}
