//! The people of whom the room's process has reported: who is in the room, who waits in the lobby, who left
//! and may return.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::moment::Moment;
use crate::control::{MAX_WAITING, Participant, WAITING_SECONDS};

/// The most that `room.max_participants` can be set to.
const MAX_PRESENT: usize = 10_000;

/// Most people of whom is known that they left. They can be removed and muted, as they may return.
const MAX_DEPARTED: usize = 1024;

/// How much longer than the room's process this one lists a person who waits: the end of the wait is
/// reported, unless the report was dropped.
const EXTRA_WAIT: Duration = Duration::from_secs(10);

/// The number of a person, as orders name them.
pub(in crate::supervisor) type Number = u32;

/// Where a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Place {
    Room,
    Lobby,
    /// They left, and may return for a while.
    Away,
}

/// One person.
#[derive(Clone, Debug)]
pub(in crate::supervisor) struct Person {
    pub(in crate::supervisor) participant: Participant,
    /// When they came to where they are.
    pub(in crate::supervisor) since: Moment,
}

/// All of them.
#[derive(Debug)]
pub(in crate::supervisor) struct People {
    present: BTreeMap<Number, Person>,
    waiting: BTreeMap<Number, Person>,
    away: BTreeMap<Number, Person>,
    /// For how long one who left may return.
    retention: Duration,
    /// Who may not speak, and until when; `None` is until the operator says so.
    muted: BTreeMap<Number, Option<Instant>>,
}

impl People {
    /// An empty list. One who left may return for `retention`.
    pub(super) fn new(retention: Duration) -> Self {
        let (present, waiting, away) = Default::default();
        Self { present, waiting, away, retention, muted: BTreeMap::new() }
    }

    /// A person came in, or returned.
    pub(super) fn joined(&mut self, participant: &Participant, now: Moment) {
        let Some(number) = number_of(participant) else { return };
        self.waiting.remove(&number);
        self.away.remove(&number);
        insert(&mut self.present, number, participant, now, MAX_PRESENT);
    }

    /// A person left.
    pub(super) fn left(&mut self, participant: &Participant, now: Moment) {
        let Some(number) = number_of(participant) else { return };
        // One who was removed is not known any more.
        if self.present.remove(&number).is_some() {
            insert(&mut self.away, number, participant, now, MAX_DEPARTED);
        }
    }

    /// A person waits in the lobby; false if they did already.
    pub(super) fn waits(&mut self, participant: &Participant, now: Moment) -> bool {
        let Some(number) = number_of(participant) else { return false };
        if self.waiting.contains_key(&number) || self.present.contains_key(&number) {
            return false;
        }
        self.away.remove(&number);
        insert(&mut self.waiting, number, participant, now, MAX_WAITING);
        true
    }

    /// A person waits no longer. Returns them if they did.
    pub(super) fn wait_ended(&mut self, number: Number) -> Option<Participant> {
        self.waiting.remove(&number).map(|person| person.participant)
    }

    /// Forgets a person who was removed.
    pub(super) fn remove(&mut self, number: Number) {
        self.present.remove(&number);
        self.away.remove(&number);
        self.muted.remove(&number);
    }

    /// Forgets who cannot return, who cannot wait any more, and which mutes are over.
    pub(super) fn expire(&mut self, now: Instant) {
        let retention = self.retention;
        self.away.retain(|_, person| now < person.since.instant + retention);
        let wait = Duration::from_secs(WAITING_SECONDS) + EXTRA_WAIT;
        self.waiting.retain(|_, person| now < person.since.instant + wait);
        let (present, away) = (&self.present, &self.away);
        self.muted.retain(|number, until| {
            until.is_none_or(|until| now < until)
                && (present.contains_key(number) || away.contains_key(number))
        });
    }

    /// Mutes a person until then; `None` is until they are unmuted.
    pub(super) fn mute(&mut self, number: Number, until: Option<Instant>) {
        self.muted.insert(number, until);
    }

    /// Whether they were muted.
    pub(super) fn unmute(&mut self, number: Number) -> bool {
        self.muted.remove(&number).is_some()
    }

    /// Until when a person may not speak, if so.
    pub(super) fn muted(&self, number: Number) -> Option<Option<Instant>> {
        self.muted.get(&number).copied()
    }

    /// The people at a place, by number.
    pub(in crate::supervisor) fn at(
        &self,
        place: Place,
    ) -> impl Iterator<Item = (Number, &Person)> {
        let people = match place {
            Place::Room => &self.present,
            Place::Lobby => &self.waiting,
            Place::Away => &self.away,
        };
        people.iter().map(|(number, person)| (*number, person))
    }

    /// How many wait in the lobby.
    pub(in crate::supervisor) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// The number of a participant, as orders name them. Those beyond are never given.
fn number_of(participant: &Participant) -> Option<Number> {
    Number::try_from(participant.number).ok()
}

/// Adds a person; of more than `bound`, the oldest is forgotten.
fn insert(
    people: &mut BTreeMap<Number, Person>,
    number: Number,
    participant: &Participant,
    since: Moment,
    bound: usize,
) {
    people.insert(number, Person { participant: participant.clone(), since });
    if people.len() > bound {
        people.pop_first();
    }
}
