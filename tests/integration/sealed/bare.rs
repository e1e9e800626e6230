//! A participant from the primitives alone, without the library's `seal`: it reads the contract a second
//! time, knows the room key that the library hides, and sends what the library would not make.

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::Sha256;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState, StatelessTransportState};

use super::member::{decode, encode};
use super::transport::Transport;

const PADDED_BYTES: [usize; 6] = [256, 512, 1024, 2048, 4096, 8192];

pub(crate) fn derive<const N: usize>(secret: &[u8], info: &[u8]) -> [u8; N] {
    let mut output = [0; N];
    Hkdf::<Sha256>::new(None, secret).expand(info, &mut output).unwrap();
    output
}

/// Length, content, zeros.
pub(crate) fn pad(content: &[u8]) -> Vec<u8> {
    let length = PADDED_BYTES.into_iter().find(|length| content.len() + 2 <= *length).unwrap();
    let mut padded = u16::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    padded.extend(content);
    padded.resize(length, 0);
    padded
}

pub(crate) fn unpad(padded: &[u8]) -> &[u8] {
    assert!(PADDED_BYTES.contains(&padded.len()), "{}", padded.len());
    let length = usize::from(u16::from_be_bytes([padded[0], padded[1]]));
    assert!(padded[2 + length..].iter().all(|byte| *byte == 0));
    &padded[2..2 + length]
}

fn cipher(room_key: &[u8; 32], info: &[u8]) -> Aes256Gcm {
    Aes256Gcm::new(&derive::<32>(room_key, info).into())
}

pub(crate) fn seal(room_key: &[u8; 32], info: &[u8], head: &[u8; 12], content: &[u8]) -> Vec<u8> {
    let sealed = cipher(room_key, info).encrypt(Nonce::from_slice(head), &*pad(content)).unwrap();
    [&head[..], &sealed].concat()
}

/// The padded content.
pub(crate) fn open(room_key: &[u8; 32], info: &[u8], sealed: &[u8]) -> Vec<u8> {
    let (head, sealed) = sealed.split_at(12);
    cipher(room_key, info).decrypt(Nonce::from_slice(head), sealed).unwrap()
}

/// The head of a box, or of a part of the roster.
pub(crate) fn head(generation: u32, number: u32, counter: u32) -> [u8; 12] {
    let words = [generation, number, counter].map(u32::to_be_bytes);
    words.concat().try_into().unwrap()
}

/// The start of a handshake, and message 1.
pub(crate) fn initiate(ticket: &[u8]) -> (HandshakeState, Vec<u8>) {
    let psk = derive::<32>(ticket, b"chattrace-1 psk");
    let builder = Builder::with_resolver(
        "Noise_NXpsk0_25519_AESGCM_SHA256".parse().unwrap(),
        Box::new(Resolver),
    );
    let builder = builder.prologue(b"chattrace-1").unwrap().psk(0, &psk).unwrap();
    let mut state = builder.build_initiator().unwrap();
    let mut message = vec![0; 48];
    assert_eq!(state.write_message(&[], &mut message).unwrap(), 48);
    (state, message)
}

/// The line `knock` with this message 1.
pub(crate) fn knock_line(ticket: &[u8], message_1: &[u8]) -> Value {
    let door = encode(&derive::<16>(ticket, b"chattrace-1 door"));
    json!({ "t": "knock", "door": door, "noise": encode(message_1) })
}

/// A participant who has finished the handshake.
pub(crate) struct Bare {
    pub(crate) transport: Box<dyn Transport>,
    session: StatelessTransportState,
    pub(crate) secret: SigningKey,
    /// Null before the welcome.
    pub(crate) welcome: Value,
}

impl Bare {
    /// Knocks, and takes the answer.
    pub(crate) fn knock(mut transport: Box<dyn Transport>, ticket: &str) -> Self {
        let ticket = decode(&ticket.into());
        let (mut state, message) = initiate(&ticket);
        transport.send(&knock_line(&ticket, &message));
        let answer = transport.next().unwrap();
        state.read_message(&decode(&answer["noise"]), &mut []).unwrap();
        let host = state.get_remote_static().unwrap();
        assert_eq!(derive::<16>(host, b"chattrace-1 ticket"), *ticket, "not this host");
        let session = state.into_stateless_transport_mode().unwrap();
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let secret = SigningKey::from_bytes(&seed);
        Self { transport, session, secret, welcome: Value::Null }
    }

    /// Knocks and joins.
    pub(crate) fn join(transport: Box<dyn Transport>, ticket: &str, name: &str) -> Self {
        let mut bare = Self::knock(transport, ticket);
        let key = bare.secret.verifying_key().to_bytes();
        let request = pad(&[&key[..], name.as_bytes()].concat());
        bare.welcome = bare.request(&request);
        assert_eq!(bare.welcome["t"], "welcome", "{}", bare.welcome);
        bare
    }

    /// Sends a request with this padded content; returns the welcome, or the reason of the refusal.
    pub(crate) fn request(&mut self, padded: &[u8]) -> Value {
        let sealed = encode(&self.seal_transport(0, padded));
        self.transport.send(&json!({ "t": "join", "sealed": sealed }));
        let decision = self.transport.next().unwrap();
        if !decision["sealed"].is_string() {
            return decision;
        }
        let padded = self.open_transport(0, &decode(&decision["sealed"]));
        serde_json::from_slice(unpad(&padded)).unwrap()
    }

    /// The next line of this kind.
    pub(crate) fn until(&mut self, kind: &str) -> Value {
        loop {
            let line = self.transport.next().unwrap();
            if line["t"] == kind {
                return line;
            }
        }
    }

    pub(crate) fn seal_transport(&self, nonce: u64, content: &[u8]) -> Vec<u8> {
        let mut sealed = vec![0; content.len() + 16];
        self.session.write_message(nonce, content, &mut sealed).unwrap();
        sealed
    }

    fn open_transport(&self, nonce: u64, sealed: &[u8]) -> Vec<u8> {
        let mut content = vec![0; sealed.len() - 16];
        self.session.read_message(nonce, sealed, &mut content).unwrap();
        content
    }

    /// The room key in a welcome or a line `keys`.
    pub(crate) fn room_key(&self, line: &Value) -> [u8; 32] {
        let generation = line["generation"].as_u64().unwrap();
        let letter = self.open_transport(generation, &decode(&line["letter"]));
        assert_eq!(letter.len(), 68);
        letter[..32].try_into().unwrap()
    }

    /// The public signing keys in the roster of the welcome, by rising number; the host's is the first.
    pub(crate) fn roster(&self) -> Vec<(u32, [u8; 32], String)> {
        let key = self.room_key(&self.welcome);
        let mut entries = Vec::new();
        for part in self.welcome["roster"].as_array().unwrap() {
            let padded = open(&key, b"chattrace-1 roster", &decode(part));
            let mut rest = unpad(&padded);
            while !rest.is_empty() {
                let number = u32::from_be_bytes(rest[..4].try_into().unwrap());
                let length = usize::from(rest[39]);
                let name = String::from_utf8(rest[40..40 + length].to_vec()).unwrap();
                entries.push((number, rest[7..39].try_into().unwrap(), name));
                rest = &rest[40 + length..];
            }
        }
        entries
    }

    /// The participant's own number.
    pub(crate) fn number(&self) -> u32 {
        let own = self.secret.verifying_key().to_bytes();
        self.roster().into_iter().find(|(_, key, _)| *key == own).unwrap().0
    }

    /// Signs and seals, whatever head and content say.
    pub(crate) fn seal_box(&self, room_key: &[u8; 32], head: &[u8; 12], content: &[u8]) -> Vec<u8> {
        let host = self.roster()[0].1;
        let signature = self.secret.sign(&[b"chattrace-1 said", &host[..], head, content].concat());
        let info = [b"chattrace-1 box", &self.secret.verifying_key().to_bytes()[..]].concat();
        seal(room_key, &info, head, &[&signature.to_bytes()[..], content].concat())
    }

    /// Whether `signature` is by the owner of this public key, in this room.
    pub(crate) fn is_signed_by(
        &self,
        public: &[u8; 32],
        head: &[u8],
        content: &[u8],
        signature: &[u8],
    ) -> bool {
        let host = self.roster()[0].1;
        let signed = [b"chattrace-1 said", &host[..], head, content].concat();
        let signature = Signature::from_slice(signature).unwrap();
        VerifyingKey::from_bytes(public).unwrap().verify(&signed, &signature).is_ok()
    }
}

/// The primitives of RustCrypto, and the kernel's randomness.
struct Resolver;

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Kernel))
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

struct Kernel;

impl Random for Kernel {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        getrandom::fill(dest).map_err(|_| snow::Error::Rng)
    }
}
