//! Lines that one participant alone gets: whether the operator has muted them. They are no events: they
//! have no number, and a reader who is away does not miss them, because each return is told again what
//! holds then.

use std::collections::BTreeMap;

/// Memory of an entry at most, in bytes, in a tree whose nodes are at least half full.
pub(in crate::serve) const OWN_LINE_BYTES: usize = 2 * size_of::<(u32, u64)>();

/// The participants for whom a line waits, and the event after which they read it: what was said before it is
/// read before it. What the line says is decided when it is read.
#[derive(Debug, Default)]
pub(super) struct OwnLines {
    after: BTreeMap<u32, u64>,
}

impl OwnLines {
    /// Has a line wait for this participant, after event `seq`. It replaces one that waits already.
    pub(super) fn add(&mut self, number: u32, seq: u64) {
        self.after.insert(number, seq);
    }

    /// Whether a line waits for this participant.
    pub(super) fn has(&self, number: u32) -> bool {
        self.after.contains_key(&number)
    }

    /// Takes the line of a reader at this cursor. Returns whether there was one.
    pub(super) fn take(&mut self, number: u32, cursor: u64) -> bool {
        let is_due = self.after.get(&number).is_some_and(|after| *after <= cursor);
        is_due && self.after.remove(&number).is_some()
    }

    /// Drops the lines of those for whom `keep` does not hold.
    pub(super) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.after.retain(|number, _| keep(*number));
    }
}
