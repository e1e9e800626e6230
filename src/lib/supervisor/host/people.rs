//! The people whom the host knows: who waits, who is in the room, who left and may return.

use std::collections::BTreeMap;
use std::time::Instant;

use super::links::LinkId;
use crate::control::Participant;
use crate::seal::{Entry, HostSession};

/// Where a person is on their way through the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In the lobby, until the operator decides, or until this moment. The relay does not know their number.
    Waiting {
        until: Instant,
        /// Whether the use of their link was counted already.
        is_counted: bool,
    },
    /// Their request was granted; they are in the next generation. The relay does not know their number
    /// yet.
    Joining { by: AdmittedBy },
    /// In the present generation, and in the next.
    Present,
    /// In the present generation, and not in the next.
    Leaving,
    /// The same, and they cannot return.
    Removed,
    /// Not in the present generation, which they may return to.
    Departed,
    /// Not in the present generation, and in the next.
    Returning,
}

/// Who granted a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AdmittedBy {
    /// Rules that held when it came. If they change before the person is in, the request is judged again.
    Rules,
    /// The operator, for this person.
    Operator,
}

impl Standing {
    /// Whether the person shares the present room key.
    pub(super) fn is_in_circle(self) -> bool {
        match self {
            Self::Present | Self::Leaving | Self::Removed => true,
            Self::Waiting { .. } | Self::Joining { .. } | Self::Departed | Self::Returning => false,
        }
    }

    /// Whether the person will share the next room key.
    pub(super) fn is_in_next_circle(self) -> bool {
        match self {
            Self::Joining { .. } | Self::Present | Self::Returning => true,
            Self::Waiting { .. } | Self::Leaving | Self::Removed | Self::Departed => false,
        }
    }

    /// Whether the person is in the lobby.
    pub(super) fn is_waiting(self) -> bool {
        matches!(self, Self::Waiting { .. })
    }

    /// Whether the relay may speak of the person by number.
    fn is_told(self) -> bool {
        match self {
            Self::Waiting { .. } | Self::Joining { .. } => false,
            Self::Present | Self::Leaving | Self::Removed | Self::Departed | Self::Returning => {
                true
            }
        }
    }
}

/// One person, for as long as they may be or come back in the room.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) entry: Entry,
    /// The same one after a return.
    pub(super) session: HostSession,
    /// The knock that they came by, and its link.
    pub(super) knock: u64,
    pub(super) link: LinkId,
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
    /// Adds a person whose request was not refused.
    pub(super) fn insert(&mut self, person: Person) {
        self.by_number.insert(person.entry.number, person);
    }

    /// Removes a person. Their keys are overwritten.
    pub(super) fn remove(&mut self, number: u32) {
        self.by_number.remove(&number);
    }

    /// Takes out a person of whom the relay was not told.
    pub(super) fn take(&mut self, number: u32) -> Option<Person> {
        self.by_number.remove(&number)
    }

    /// Gives a person of whom the relay was not told another number.
    pub(super) fn renumber(&mut self, number: u32, new_number: u32) {
        if let Some(mut person) = self.by_number.remove(&number) {
            person.entry.number = new_number;
            self.by_number.insert(new_number, person);
        }
    }

    pub(super) fn get(&self, number: u32) -> Option<&Person> {
        self.by_number.get(&number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Person> {
        self.by_number.get_mut(&number)
    }

    pub(super) fn standing(&self, number: u32) -> Option<Standing> {
        self.by_number.get(&number).map(|person| person.standing)
    }

    /// Whether the number is higher than all that the relay has been told.
    pub(super) fn is_newest(&self, number: u32) -> bool {
        number > self.last_told
    }

    /// The numbers of those who are in the next generation by the rules alone, and came by such a link.
    pub(super) fn admitted_by_rules(&self, is_wanted: impl Fn(LinkId) -> bool) -> Vec<u32> {
        let by_rules = self.with(|it| it == Standing::Joining { by: AdmittedBy::Rules });
        by_rules.filter(|it| is_wanted(it.link)).map(|it| it.entry.number).collect()
    }

    /// Removes a person who has left. Their keys are overwritten.
    pub(super) fn remove_departed(&mut self, number: u32) {
        if self.by_number.get(&number).is_some_and(|it| it.standing == Standing::Departed) {
            self.by_number.remove(&number);
        }
    }

    /// Someone whom the relay may speak of.
    pub(super) fn told_mut(&mut self, number: u32) -> Option<&mut Person> {
        self.by_number.get_mut(&number).filter(|person| person.standing.is_told())
    }

    /// Whether the relay was told this number at some time. Those who left are forgotten after a while,
    /// and it may speak of them later.
    pub(super) fn was_told(&self, number: u32) -> bool {
        let is_told = self.by_number.get(&number).is_none_or(|person| person.standing.is_told());
        (1..=self.last_told).contains(&number) && is_told
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
        self.by_number.retain(|_, person| person.standing != Standing::Removed);
        for (number, person) in &mut self.by_number {
            person.standing = match person.standing {
                Standing::Joining { .. } => {
                    self.last_told = self.last_told.max(*number);
                    Standing::Present
                }
                Standing::Present | Standing::Returning => Standing::Present,
                Standing::Leaving | Standing::Removed | Standing::Departed => Standing::Departed,
                waiting @ Standing::Waiting { .. } => waiting,
            };
        }
    }

    /// The knocks of those who are not in yet, and their sessions.
    pub(super) fn into_newcomers(self) -> impl Iterator<Item = (u64, HostSession)> {
        let newcomers = self.by_number.into_values().filter(|person| !person.standing.is_told());
        newcomers.map(|person| (person.knock, person.session))
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
