//! Canaries: unique texts, and a search that finds them and their fragments in any bytes.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::encodings::encodings;
use crate::serve::frames::MASK;

/// Distance between the beginnings of two fragments of a canary.
const FRAGMENT_STEP: usize = 4;

/// Random hexadecimal digits, which occur nowhere else on the machine.
pub(crate) fn random_hex(digits: usize) -> String {
    let mut bytes = vec![0; digits / 2];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A set of canaries.
pub(crate) struct Canaries {
    fragments: Vec<Fragment>,
    names: Vec<String>,
    /// The fragments that begin with these two bytes. One look-up per byte, however many fragments
    /// there are.
    by_beginning: Vec<Vec<usize>>,
}

/// A fragment of a canary in one of its encodings.
struct Fragment {
    /// Index of the canary's name.
    name: usize,
    /// Offset in the canary.
    at: usize,
    bytes: Vec<u8>,
}

impl Canaries {
    pub(crate) fn new() -> Self {
        Self { fragments: Vec::new(), names: Vec::new(), by_beginning: vec![Vec::new(); 1 << 16] }
    }

    /// Adds a new text of 32 bytes, plain and as the tests' WebSocket client masks it. Any 15
    /// consecutive bytes of it are found.
    pub(crate) fn text(&mut self, name: &str) -> String {
        let text = random_hex(32);
        self.add_text(name, &text);
        text
    }

    /// Adds a new name for a participant, of the maximum length of 20.
    pub(crate) fn name(&mut self) -> String {
        let name = random_hex(20);
        self.add_text("a name", &name);
        name
    }

    /// Adds an existing text.
    pub(crate) fn add_text(&mut self, name: &str, text: &str) {
        self.add(name, text.as_bytes(), 12);
        for turn in 0..MASK.len() {
            let mask = MASK.iter().cycle().skip(turn);
            let masked: Vec<u8> = text.bytes().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
            self.add(&format!("{name}, masked"), &masked, 12);
        }
    }

    /// Adds a secret in every encoding.
    pub(crate) fn add_encoded(&mut self, name: &str, secret: &[u8]) {
        for (encoding, bytes) in encodings(secret) {
            self.add(&format!("{name}, {encoding}"), &bytes, 12);
        }
    }

    /// Adds a ticket or a resume token, as text and as the 16 bytes that it encodes.
    pub(crate) fn token(&mut self, name: &str, token: &str) {
        self.add(name, token.as_bytes(), 12);
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        assert_eq!(bytes.len(), 16);
        self.add(&format!("{name}, in bytes"), &bytes, 8);
    }

    /// Adds the token of a `resume` value, which is a number and a token.
    pub(crate) fn resume(&mut self, resume: &serde_json::Value) {
        let (_, token) = resume.as_str().unwrap().split_once('.').unwrap();
        self.token("a resume token", token);
    }

    fn add(&mut self, name: &str, bytes: &[u8], width: usize) {
        self.names.push(name.to_owned());
        for at in (0..=bytes.len() - width).step_by(FRAGMENT_STEP) {
            let bytes = bytes[at..at + width].to_vec();
            let beginning = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
            self.by_beginning[beginning].push(self.fragments.len());
            self.fragments.push(Fragment { name: self.names.len() - 1, at, bytes });
        }
    }

    /// The offsets in `bytes` at which a copy begins, or would begin if it were complete, and the
    /// name of its canary.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<(usize, &str)> {
        let mut found = BTreeSet::new();
        let mut before = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let two = before << 8 | usize::from(*byte);
            before = usize::from(*byte);
            if at == 0 {
                continue;
            }
            let begin = at - 1;
            let parts = self.by_beginning[two].iter().map(|part| &self.fragments[*part]);
            let here = parts.filter(|part| bytes[begin..].starts_with(&part.bytes));
            // All fragments of one copy give the same beginning.
            found.extend(here.map(|part| (begin.saturating_sub(part.at), part.name)));
        }
        found.into_iter().map(|(at, name)| (at, &*self.names[name])).collect()
    }
}

#[test]
fn fifteen_bytes_are_found_and_a_copy_is_found_once() {
    let mut canaries = Canaries::new();
    let text = canaries.text("a text");
    let around = |part: &str| format!("............................................{part}....");
    assert_eq!(canaries.find(around(&text).as_bytes()), [(44, "a text")]);
    for at in 0..=17 {
        let part = around(&text[at..at + 15]);
        assert_eq!(canaries.find(part.as_bytes()), [(44 - at, "a text")]);
    }
    assert!(canaries.find(around(&random_hex(32)).as_bytes()).is_empty());
    let frame = crate::serve::frames::frame(0x81, format!("{{\"body\":\"{text}\"}}").as_bytes());
    assert_eq!(canaries.find(&frame), [(15, "a text, masked")]);
}

#[test]
fn a_secret_is_found_in_every_encoding_and_wherever_it_stands() {
    use base64::engine::general_purpose::STANDARD;
    let secret: [u8; 32] = std::array::from_fn(|at| 0xb0 ^ u8::try_from(at * 7).unwrap());
    let mut canaries = Canaries::new();
    canaries.add_encoded("a key", &secret);
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    for text in [hex.clone(), hex.to_uppercase()] {
        assert_eq!(canaries.find(text.as_bytes()).len(), 1, "{text}");
    }
    for before in 0..6 {
        let around = [&vec![b'x'; before][..], &secret, b"and so on"].concat();
        assert!(canaries.find(&around).contains(&(before, "a key, plain")));
        for text in [STANDARD.encode(&around), URL_SAFE_NO_PAD.encode(&around)] {
            assert!(!canaries.find(text.as_bytes()).is_empty(), "{text}");
        }
    }
    assert!(canaries.find(URL_SAFE_NO_PAD.encode([7; 99]).as_bytes()).is_empty());
}
