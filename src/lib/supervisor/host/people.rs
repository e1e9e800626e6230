//! The people whom the host knows: who waits, who is in the room, who left and may return.

use std::collections::BTreeMap;

use crate::control::Participant;
use crate::seal::{Entry, HostSession};

/// Where a person is on their way through the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The request of this knock was granted; they are in the next generation. The relay does not know
    /// their number yet.
    Joining { knock: u64 },
    /// In the present generation, and in the next.
    Present,
    /// In the present generation, and not in the next.
    Leaving,
    /// Not in the present generation, which they may return to.
    Departed,
    /// Not in the present generation, and in the next.
    Returning,
}

impl Standing {
    /// Whether the person shares the present room key.
    pub(super) fn is_in_circle(self) -> bool {
        match self {
            Self::Present | Self::Leaving => true,
            Self::Joining { .. } | Self::Departed | Self::Returning => false,
        }
    }

    /// Whether the person will share the next room key.
    pub(super) fn is_in_next_circle(self) -> bool {
        match self {
            Self::Joining { .. } | Self::Present | Self::Returning => true,
            Self::Leaving | Self::Departed => false,
        }
    }
}

/// One person, for as long as they may be or come back in the room.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) entry: Entry,
    /// The same one after a return.
    pub(super) session: HostSession,
    /// The knock that they came by.
    pub(super) knock: u64,
    pub(super) standing: Standing,
}

impl Person {
    /// The person as the operator sees them.
    pub(super) fn participant(&self) -> Participant {
        Participant {
            number: self.entry.number.into(),
            name: self.entry.name.clone(),
            tag: String::from_utf8_lossy(&self.entry.tag).into_owned(),
        }
    }
}

/// Everyone whom the host knows, by number.
#[derive(Debug, Default)]
pub(super) struct People {
    by_number: BTreeMap<u32, Person>,
    /// The highest number that the relay has been told; 0 before the first.
    last_told: u32,
}

impl People {
    /// Adds a person whose request was granted.
    pub(super) fn insert(&mut self, person: Person) {
        self.by_number.insert(person.entry.number, person);
    }

    /// Removes a person of whom the relay was not told.
    pub(super) fn remove(&mut self, number: u32) {
        self.by_number.remove(&number);
    }

    /// Removes a person who has left. Their keys are overwritten.
    pub(super) fn remove_departed(&mut self, number: u32) {
        if self.by_number.get(&number).is_some_and(|it| it.standing == Standing::Departed) {
            self.by_number.remove(&number);
        }
    }

    /// Someone whom the relay may speak of.
    pub(super) fn told_mut(&mut self, number: u32) -> Option<&mut Person> {
        let is_told = |person: &&mut Person| !matches!(person.standing, Standing::Joining { .. });
        self.by_number.get_mut(&number).filter(is_told)
    }

    /// Whether the relay was told this number at some time. Those who left are forgotten after a while,
    /// and it may speak of them later.
    pub(super) fn was_told(&self, number: u32) -> bool {
        let is_joining = self
            .by_number
            .get(&number)
            .is_some_and(|person| matches!(person.standing, Standing::Joining { .. }));
        (1..=self.last_told).contains(&number) && !is_joining
    }

    /// The person who came by this knock, and is still expected or present.
    pub(super) fn by_knock(&self, knock: u64) -> Option<(u32, Standing)> {
        let mut people = self.by_number.values();
        let person = people.find(|it| it.knock == knock && it.standing != Standing::Departed)?;
        Some((person.entry.number, person.standing))
    }

    /// Whether someone has this signing key.
    pub(super) fn has_signing_key(&self, signing: &[u8; 32]) -> bool {
        self.by_number.values().any(|person| person.entry.signing == *signing)
    }

    /// Those who share the present room key.
    pub(super) fn circle(&self) -> impl Iterator<Item = &Person> {
        self.by_number.values().filter(|person| person.standing.is_in_circle())
    }

    /// Those who will share the next room key, by rising number.
    pub(super) fn next_circle(&self) -> impl Iterator<Item = &Person> {
        self.by_number.values().filter(|person| person.standing.is_in_next_circle())
    }

    /// Those with a standing, by rising number.
    pub(super) fn with(
        &self,
        is_wanted: impl Fn(Standing) -> bool,
    ) -> impl Iterator<Item = &Person> {
        self.by_number.values().filter(move |person| is_wanted(person.standing))
    }

    /// Whether the next circle differs from the present one.
    pub(super) fn is_changing(&self) -> bool {
        self.by_number
            .values()
            .any(|person| person.standing.is_in_circle() != person.standing.is_in_next_circle())
    }

    /// The next circle is now the present one, and the relay is told.
    pub(super) fn begin_circle(&mut self) {
        for (number, person) in &mut self.by_number {
            person.standing = match person.standing {
                Standing::Joining { .. } => {
                    self.last_told = self.last_told.max(*number);
                    Standing::Present
                }
                Standing::Present | Standing::Returning => Standing::Present,
                Standing::Leaving | Standing::Departed => Standing::Departed,
            };
        }
    }

    /// The knocks of those who wait, and their sessions.
    pub(super) fn into_joining(self) -> impl Iterator<Item = (u64, HostSession)> {
        let people = self.by_number.into_values();
        people.filter_map(|person| match person.standing {
            Standing::Joining { knock } => Some((knock, person.session)),
            Standing::Present | Standing::Leaving | Standing::Departed | Standing::Returning => {
                None
            }
        })
    }

    /// Forgets those who left and are not `kept`. Their keys are overwritten.
    pub(super) fn forget_departed(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.by_number
            .retain(|number, person| person.standing != Standing::Departed || is_kept(*number));
    }

    /// Whether someone left and may return.
    pub(super) fn has_departed(&self) -> bool {
        self.by_number.values().any(|person| person.standing == Standing::Departed)
    }
}
