//! Names and tags that nobody else may have right now, found without looking at everybody: a room of
//! thousands asks this for each newcomer.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::likeness::READINGS;
use super::nickname::Nickname;
use super::seat::{Identity, Tag};

/// The identities that the room knows, by what must not be given twice.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Draws a key per room, so that no client can find two names with one fingerprint.
    hasher: RandomState,
    /// What a newcomer may not look like. Each belongs to one name: a name that clashes is refused.
    looks: HashSet<Fingerprint>,
    tags: HashSet<Tag>,
}

/// A keyed hash of one way to look at a name (SipHash, 64 bits). Two of the 45 000 names that a room
/// knows at most meet in one room of thousands of millions; a newcomer is asked for another name then.
type Fingerprint = u64;

/// A name that stays taken, without the name itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reservation([Fingerprint; READINGS]);

/// Most that a known identity costs here: its fingerprints and its tag, in tables that are seven
/// sixteenths full after they grew, while the old and the new one stand beside each other.
pub(crate) const KNOWN_BYTES: usize =
    4 * (READINGS * (size_of::<Fingerprint>() + 1) + size_of::<Tag>() + 1);

impl Taken {
    /// This identity is known from now on.
    pub(super) fn add(&mut self, identity: &Identity) {
        self.looks.extend(self.fingerprints(&identity.name));
        self.tags.insert(identity.tag);
    }

    /// Frees the tag of an identity that nothing mentions any more. The name stays taken until what
    /// is returned is released.
    pub(super) fn reserve(&mut self, identity: &Identity) -> Reservation {
        self.tags.remove(&identity.tag);
        Reservation(self.fingerprints(&identity.name))
    }

    /// The name is free from now on.
    pub(super) fn release(&mut self, reservation: &Reservation) {
        for look in &reservation.0 {
            self.looks.remove(look);
        }
    }

    /// Name and tag are free from now on.
    pub(super) fn forget(&mut self, identity: &Identity) {
        let reservation = self.reserve(identity);
        self.release(&reservation);
    }

    /// Whether a reader could take this name for one that is known.
    pub(super) fn clashes(&self, name: &Nickname) -> bool {
        self.fingerprints(name).iter().any(|look| self.looks.contains(look))
    }

    /// The first tag that nobody has, from number `start` on. 10 000 participants and 2 048 who left
    /// leave most of the 29 791 free.
    pub(super) fn free_tag(&self, start: u32) -> Tag {
        let tags = (0..Tag::COUNT).map(|step| Tag::new(start.wrapping_add(step) % Tag::COUNT));
        tags.into_iter().find(|tag| !self.tags.contains(tag)).unwrap_or(Tag::new(start))
    }

    fn fingerprints(&self, name: &Nickname) -> [Fingerprint; READINGS] {
        name.likeness().hashes().map(|look| self.hasher.hash_one(look))
    }
}
