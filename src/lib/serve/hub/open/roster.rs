//! All present participants, as the array `present` of a welcome. When a thousand join at once, they
//! are sent half a million entries, so each entry is serialised once and all welcomes share the text. A
//! welcome that waits for a slow client holds pointers, not a copy of the roster.

use std::sync::Arc;

use crate::chat::{Identity, Room, RoomEvent};
use crate::wire;

/// Most participants in one chunk of shared text. A leave rewrites one chunk, and a welcome points at
/// all of them: at 32, a thousand participants fit one call of writev(2), and a chunk has at most 4
/// KiB.
pub(in crate::serve) const MAX_CHUNK_MEMBERS: usize = 32;

/// The entries of all participants, in the order of their numbers, in chunks.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// None of them is empty.
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    /// Numbers of participants, in order: at least one, at most [`MAX_CHUNK_MEMBERS`].
    members: Vec<u32>,
    /// Their entries, each after a comma. `None` after a change: serialised again when it is read.
    text: Option<Arc<str>>,
}

impl Chunk {
    fn first(&self) -> Option<u32> {
        self.members.first().copied()
    }

    fn last(&self) -> Option<u32> {
        self.members.last().copied()
    }
}

impl Roster {
    /// Adds who joined, and removes who left.
    pub(super) fn apply(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Joined(identity) => self.add(identity),
            RoomEvent::Left(identity) => self.remove(identity.number),
            RoomEvent::Message { .. } | RoomEvent::Moved { .. } => {}
        }
    }

    /// Adds a participant at the place of its number. Splits the chunk there if it is full.
    pub(super) fn add(&mut self, identity: &Identity) {
        let number = identity.number;
        let index = self.index(number);
        match self.chunks.get_mut(index) {
            Some(chunk) if chunk.members.len() < MAX_CHUNK_MEMBERS => {
                // The usual case is the newest participant: only this entry is serialised.
                let is_newest = chunk.last().is_none_or(|last| last < number);
                let text = chunk.text.take().filter(|_| is_newest);
                chunk.text = text.map(|text| format!("{text}{}", entry(identity)).into());
                let at = chunk.members.partition_point(|member| *member < number);
                chunk.members.insert(at, number);
            }
            Some(chunk) if chunk.last().is_some_and(|last| number < last) => {
                // A participant who had left and returns keeps its number, which is between two others.
                let members = chunk.members.split_off(MAX_CHUNK_MEMBERS / 2);
                chunk.text = None;
                self.chunks.insert(index + 1, Chunk { members, text: None });
                self.add(identity);
            }
            found => {
                let at = if found.is_some() { index + 1 } else { index };
                let text = Some(entry(identity).into());
                self.chunks.insert(at, Chunk { members: vec![number], text });
            }
        }
    }

    /// Removes a participant. Its name is then nowhere in the roster; without effect if it is not
    /// there.
    pub(super) fn remove(&mut self, number: u32) {
        let index = self.index(number);
        if let Some(chunk) = self.chunks.get_mut(index) {
            chunk.members.retain(|member| *member != number);
            chunk.text = None;
            if chunk.members.is_empty() {
                self.chunks.remove(index);
            }
        }
    }

    /// All participants but this one, separated by commas, in pieces.
    pub(super) fn others(&mut self, room: &Room, number: u32) -> Vec<Arc<str>> {
        let own_index = self.index(number);
        let mut pieces: Vec<Arc<str>> = Vec::with_capacity(self.chunks.len());
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let all = chunk.text.get_or_insert_with(|| entries(room, &chunk.members));
            let text = if index == own_index {
                // An entry occurs once: a name cannot contain the quotes and braces around it.
                all.replacen(&*entries(room, &[number]), "", 1).into()
            } else {
                Arc::clone(all)
            };
            if pieces.is_empty() {
                // No comma before the first entry.
                pieces.extend(text.strip_prefix(',').map(Arc::from));
            } else {
                pieces.push(text);
            }
        }
        pieces
    }

    /// The chunk in which this number is, or would be.
    fn index(&self, number: u32) -> usize {
        let starts_before = |chunk: &Chunk| chunk.first().is_some_and(|first| first <= number);
        self.chunks.partition_point(starts_before).saturating_sub(1)
    }

    /// The text of each chunk; empty if it is to be serialised again.
    #[cfg(test)]
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.chunks.iter().map(|chunk| chunk.text.as_deref().unwrap_or_default())
    }
}

fn entries(room: &Room, members: &[u32]) -> Arc<str> {
    let identities = members.iter().filter_map(|member| room.identity(*member));
    identities.map(entry).collect::<String>().into()
}

fn entry(identity: &Identity) -> String {
    format!(",{}", wire::participant_json(identity))
}
