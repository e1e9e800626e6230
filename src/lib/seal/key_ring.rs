//! The room keys that a participant has, and the host's clock by which they age.

use std::collections::BTreeMap;
use std::time::Duration;

use super::derivation::RoomKey;
use super::letter::Letter;

/// Oldest generation in which a client seals. The news of a removal can be kept from a client
/// for this long; the host draws a generation at least every ten minutes.
pub const MAX_SEALING_AGE: Duration = Duration::from_secs(15 * 60);

/// Most keys that are kept; of more, the oldest is forgotten. A room of two people that changes as fast as
/// the host allows has 50 generations in a second.
const MAX_KEYS: usize = 16 * 1024;

/// Keys by generation; one at least.
#[derive(Debug)]
pub(super) struct KeyRing {
    keys: BTreeMap<u32, (RoomKey, Duration)>,
    clock: HostClock,
    ring_age: Duration,
}

impl KeyRing {
    /// `now` sets the host's clock to the time of the letter.
    pub(super) fn new(generation: u32, letter: Letter, ring_age: Duration, now: Duration) -> Self {
        let began = Duration::from_secs(letter.seconds.into());
        let clock = HostClock { host: began, here: now };
        Self { keys: BTreeMap::from([(generation, (letter.key, began))]), clock, ring_age }
    }

    pub(super) fn get(&self, generation: u32) -> Option<&RoomKey> {
        self.keys.get(&generation).map(|(key, _)| key)
    }

    /// For how long the room keeps what was said.
    pub(super) fn ring_age(&self) -> Duration {
        self.ring_age
    }

    /// The newest generation.
    pub(super) fn newest(&self) -> u32 {
        self.keys.last_key_value().map_or(0, |(generation, _)| *generation)
    }

    /// The key to seal with; `None` if it is older than [`MAX_SEALING_AGE`].
    pub(super) fn sealing_key(&self, now: Duration) -> Option<&RoomKey> {
        let (_, (key, began)) = self.keys.last_key_value()?;
        let age = self.clock.at(now).saturating_sub(*began);
        (age <= MAX_SEALING_AGE).then_some(key)
    }

    pub(super) fn insert(&mut self, generation: u32, letter: Letter) {
        let began = Duration::from_secs(letter.seconds.into());
        self.keys.insert(generation, (letter.key, began));
        if self.keys.len() > MAX_KEYS {
            self.keys.pop_first();
        }
    }

    /// Forgets the keys under which nothing can lie in the room's ring any more, and answers which is the
    /// oldest generation with a key.
    pub(super) fn forget_expired(&mut self, now: Duration) -> u32 {
        let now = self.clock.at(now);
        let life = MAX_SEALING_AGE + self.ring_age;
        let newest = self.newest();
        self.keys.retain(|generation, (_, began)| {
            *generation == newest || now.saturating_sub(*began) <= life
        });
        self.keys.first_key_value().map_or(newest, |(generation, _)| *generation)
    }
}

/// The time since the start of the session, as the host counts it.
#[derive(Clone, Copy, Debug)]
struct HostClock {
    host: Duration,
    here: Duration,
}

impl HostClock {
    fn at(&self, now: Duration) -> Duration {
        self.host.saturating_add(now.saturating_sub(self.here))
    }
}
