//! Which names and tags are taken, without a scan of all participants: a room of thousands looks this
//! up for each newcomer.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::identity::{Identity, Tag};
use super::nickname::Nickname;
use super::skeleton::MAX_SKELETONS;

/// The names and tags of all participants that the room knows, present and departed.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    /// With a key per room, so that a client cannot compute two names with equal fingerprints.
    hasher: RandomState,
    /// Of the skeletons of all names. Each belongs to one name, as a name that clashes is refused.
    fingerprints: HashSet<Fingerprint>,
    tags: HashSet<Tag>,
}

/// A keyed hash of a skeleton (SipHash, 64 bits). Two of the 45 000 names that a room knows at most
/// collide in one room out of thousands of millions; a newcomer is then asked for another name.
type Fingerprint = u64;

/// Keeps a name taken without storing the name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reservation([Fingerprint; MAX_SKELETONS]);

/// Memory per known name at most, in bytes: fingerprints and tag in hash tables that are seven
/// sixteenths full after they grew, while the old table and the new one exist side by side.
pub(crate) const NAME_INDEX_BYTES: usize =
    4 * (MAX_SKELETONS * (size_of::<Fingerprint>() + 1) + size_of::<Tag>() + 1);

impl NameIndex {
    /// Holds the name, with all that look like it, and the tag, until [`NameIndex::remove`].
    pub(super) fn insert(&mut self, identity: &Identity) {
        self.fingerprints.extend(self.fingerprints_of(&identity.name));
        self.tags.insert(identity.tag);
    }

    /// Frees name and tag.
    pub(super) fn remove(&mut self, identity: &Identity) {
        let reservation = self.reserve(identity);
        self.release(&reservation);
    }

    /// Frees the tag of an identity that nothing mentions any more. The name stays taken until the
    /// reservation is released.
    pub(super) fn reserve(&mut self, identity: &Identity) -> Reservation {
        self.tags.remove(&identity.tag);
        Reservation(self.fingerprints_of(&identity.name))
    }

    /// Frees a name that was only reserved.
    pub(super) fn release(&mut self, reservation: &Reservation) {
        for fingerprint in &reservation.0 {
            self.fingerprints.remove(fingerprint);
        }
    }

    /// Whether a reader could take this name for a known one.
    pub(super) fn clashes(&self, name: &Nickname) -> bool {
        self.fingerprints_of(name).iter().any(|it| self.fingerprints.contains(it))
    }

    /// The first free tag from number `start` on. 10 000 participants and 2 048 who left leave most of
    /// the 29 791 tags free.
    pub(super) fn free_tag(&self, start: u32) -> Tag {
        let tags = (0..Tag::COUNT).map(|step| Tag::new(start.wrapping_add(step) % Tag::COUNT));
        tags.into_iter().find(|tag| !self.tags.contains(tag)).unwrap_or(Tag::new(start))
    }

    fn fingerprints_of(&self, name: &Nickname) -> [Fingerprint; MAX_SKELETONS] {
        name.skeletons().hashes().map(|skeleton| self.hasher.hash_one(skeleton))
    }
}
