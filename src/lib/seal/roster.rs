//! Who is in the room: entries, their hash, and the sealed parts in which they are sent.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::derivation::RoomKey;
use super::envelope;
use super::padding::MAX_CONTENT_BYTES;
use crate::box_head::BoxHead;

/// Most participants of a sealed room; a roster has one entry more, the host's.
pub const MAX_PARTICIPANTS: usize = 1000;

/// The number of the host, which no participant has.
pub const HOST_NUMBER: u32 = 0;

/// The tag of the host, which no participant has.
pub const HOST_TAG: [u8; 3] = *b"---";

const INFO: &[&[u8]] = &[b"chattrace-1 roster"];

/// An entry without its name, in bytes: number, tag, signing key, length of the name.
const FIXED_BYTES: usize = 4 + 3 + 32 + 1;

/// One person in the roster.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Assigned by the host, and never to two people; [`HOST_NUMBER`] is the host.
    pub number: u32,
    /// Three ASCII characters, which tell people of the same name apart.
    pub tag: [u8; 3],
    /// The public half of their signing key (Ed25519).
    pub signing: [u8; 32],
    /// At most 255 bytes; empty for the host. The host judges names; clients make them harmless before they show them.
    pub name: String,
}

impl Entry {
    /// The entry of the host.
    pub fn host(signing: [u8; 32]) -> Self {
        Self { number: HOST_NUMBER, tag: HOST_TAG, signing, name: String::new() }
    }

    /// Appends the entry as it is hashed and sent.
    ///
    /// # Panics
    /// If the name has more than 255 bytes; names in a room have at most 64.
    pub(super) fn write_to(&self, bytes: &mut Vec<u8>) {
        let length = u8::try_from(self.name.len()).expect("a name has at most 64 bytes");
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.tag);
        bytes.extend_from_slice(&self.signing);
        bytes.push(length);
        bytes.extend_from_slice(self.name.as_bytes());
    }

    /// The first entry in `bytes`, and what follows it.
    fn parse_first(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = bytes.split_first_chunk::<4>()?;
        let (tag, rest) = rest.split_first_chunk::<3>()?;
        let (signing, rest) = rest.split_first_chunk::<32>()?;
        let (length, rest) = rest.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        if !tag.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let name = String::from_utf8(name.to_vec()).ok()?;
        let number = u32::from_be_bytes(*number);
        Some((Self { number, tag: *tag, signing: *signing, name }, rest))
    }
}

/// Names are for the people in the room.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Entries one after the other; `None` unless all of `bytes` are entries.
pub(super) fn parse_entries(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (entry, rest) = Entry::parse_first(bytes)?;
        entries.push(entry);
        bytes = rest;
    }
    Some(entries)
}

/// SHA-256 (FIPS 180-4) over the entries of all who share a room key, which come by rising number.
pub fn circle_hash<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"chattrace-1 circle");
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.clear();
        entry.write_to(&mut bytes);
        hash.update(&bytes);
    }
    hash.finalize().into()
}

/// Seals `entries` in as few parts as they fit in. The first part has the index `first_index`: each
/// generation counts its parts, because the index is in the nonce.
pub(super) fn seal_parts<'a>(
    key: &RoomKey,
    generation: u32,
    first_index: u32,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = Vec::new();
    for entry in entries {
        let length = FIXED_BYTES + entry.name.len();
        match contents.last_mut() {
            Some(last) if last.len() + length <= MAX_CONTENT_BYTES => entry.write_to(last),
            _ => {
                let mut first = Vec::new();
                entry.write_to(&mut first);
                contents.push(first);
            }
        }
    }
    let heads = (first_index..).map(|index| BoxHead { generation, number: 0, counter: index });
    let sealed = |(head, content): (BoxHead, &Vec<u8>)| {
        envelope::seal(key, INFO, head, &[content]).expect("entries are collected up to what fits")
    };
    heads.zip(&contents).map(sealed).collect()
}

/// The entries in a part of `generation`; `None` if it does not open, or holds something else.
pub(super) fn open_part(key: &RoomKey, generation: u32, part: &[u8]) -> Option<Vec<Entry>> {
    let (head, content) = envelope::open(key, INFO, part)?;
    (head.generation == generation && head.number == 0).then(|| parse_entries(&content))?
}

/// Those who are in the room, by number.
pub(super) type Roster = BTreeMap<u32, Entry>;
