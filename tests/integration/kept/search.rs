//! What is looked for, and whether it is there: all of it, or a part of twelve bytes and more.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::serve::frames::MASK;

/// Every so many bytes of a canary begins a part that is looked for.
const STEP: usize = 4;

/// Bytes that nobody else has, new in each run: `digits` of them, in hexadecimal.
pub(super) fn drawn(digits: usize) -> String {
    let mut bytes = vec![0; digits / 2];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything that is looked for.
pub(super) struct Canaries {
    parts: Vec<Part>,
    names: Vec<String>,
    /// Whether any part begins with these two bytes: one look at each byte, however many parts.
    begins: Vec<bool>,
}

/// A part of a canary in one of its forms.
struct Part {
    name: usize,
    at: usize,
    bytes: Vec<u8>,
}

impl Canaries {
    pub(super) fn new() -> Self {
        Self { parts: Vec::new(), names: Vec::new(), begins: vec![false; 1 << 16] }
    }

    /// A new text of 32 bytes under this name, as it is and as it comes in a WebSocket frame of the
    /// tests. Any 15 bytes of it in a row are found.
    pub(super) fn text(&mut self, name: &str) -> String {
        let text = drawn(32);
        self.look_for(name, &text);
        text
    }

    /// A new name of somebody, of 20 letters: longer ones are refused.
    pub(super) fn name(&mut self) -> String {
        let name = drawn(20);
        self.look_for("a name", &name);
        name
    }

    /// A text that is known already.
    pub(super) fn look_for(&mut self, name: &str, text: &str) {
        self.add(name, text.as_bytes(), 12);
        for turn in 0..MASK.len() {
            let mask = MASK.iter().cycle().skip(turn);
            let masked: Vec<u8> = text.bytes().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
            self.add(&format!("{name}, masked"), &masked, 12);
        }
    }

    /// A ticket or a resume token, as text and as the 16 bytes it stands for.
    pub(super) fn token(&mut self, name: &str, token: &str) {
        self.add(name, token.as_bytes(), 12);
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        assert_eq!(bytes.len(), 16);
        self.add(&format!("{name}, in bytes"), &bytes, 8);
    }

    /// What a participant comes back with: its number and a token.
    pub(super) fn resume(&mut self, resume: &serde_json::Value) {
        let (_, token) = resume.as_str().unwrap().split_once('.').unwrap();
        self.token("a resume token", token);
    }

    fn add(&mut self, name: &str, bytes: &[u8], width: usize) {
        self.names.push(name.to_owned());
        for at in (0..=bytes.len() - width).step_by(STEP) {
            let bytes = bytes[at..at + width].to_vec();
            self.begins[usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))] = true;
            self.parts.push(Part { name: self.names.len() - 1, at, bytes });
        }
    }

    /// Where in `bytes` a copy begins, or would begin if it were whole, and of what.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<(usize, &str)> {
        let mut found = BTreeSet::new();
        let mut before = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let two = before << 8 | usize::from(*byte);
            before = usize::from(*byte);
            if at > 0 && self.begins[two] {
                let begin = at - 1;
                let here = self.parts.iter().filter(|part| bytes[begin..].starts_with(&part.bytes));
                // The parts of one copy have one beginning.
                found.extend(here.map(|part| (begin.saturating_sub(part.at), part.name)));
            }
        }
        found.into_iter().map(|(at, name)| (at, &*self.names[name])).collect()
    }
}

#[test]
fn a_part_of_fifteen_bytes_is_found_and_the_parts_of_a_copy_are_one() {
    let mut canaries = Canaries::new();
    let text = canaries.text("a text");
    let around = |part: &str| format!("............................................{part}....");
    assert_eq!(canaries.find(around(&text).as_bytes()), [(44, "a text")]);
    for at in 0..=17 {
        let part = around(&text[at..at + 15]);
        assert_eq!(canaries.find(part.as_bytes()), [(44 - at, "a text")]);
    }
    assert!(canaries.find(around(&drawn(32)).as_bytes()).is_empty());
    let frame = crate::serve::frames::frame(0x81, format!("{{\"body\":\"{text}\"}}").as_bytes());
    assert_eq!(canaries.find(&frame), [(15, "a text, masked")]);
}
