//! What the others know of a participant: number, name and tag.

use super::nickname::Nickname;
use crate::identity::{TAG_LENGTH, TAG_LETTERS};

/// Three letters, drawn by the room and unique in it, that tell similar names apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag([u8; TAG_LENGTH]);

impl Tag {
    /// How many tags there are.
    pub(super) const COUNT: u32 = (TAG_LETTERS.len() as u32).pow(TAG_LENGTH as u32);

    /// The tag number `index`; wraps around at [`Tag::COUNT`].
    pub(super) fn new(index: u32) -> Self {
        let base = TAG_LETTERS.len() as u32;
        let letter = |divisor: u32| TAG_LETTERS[(index / divisor % base) as usize];
        Self([letter(base * base), letter(base), letter(1)])
    }

    /// The three letters.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("TAG_LETTERS is ASCII")
    }

    /// The three letters, in ASCII.
    pub(crate) fn to_bytes(self) -> [u8; TAG_LENGTH] {
        self.0
    }
}

/// What the others know of a participant. Never assigned twice, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Counts up from 1.
    pub(crate) number: u32,
    /// As the client chose it and the room accepted it.
    pub(crate) name: Nickname,
    /// Drawn by the room: tells names apart that look alike.
    pub(crate) tag: Tag,
}
