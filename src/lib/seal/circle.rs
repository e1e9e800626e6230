//! Circles of people: what a letter and the parts of a roster say of a generation, and whether they agree.

use super::derivation::RoomKey;
use super::letter::Letter;
use super::noise::Session;
use super::roster::{self, Entry, HOST_NUMBER, HOST_TAG, MAX_PARTICIPANTS, Roster};
use super::violation::Violation;

/// What a `welcome` says of the present.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'a, P> {
    /// The newest generation.
    pub generation: u32,
    /// The receiver's own letter of it.
    pub letter: &'a [u8],
    /// All entries of it.
    pub roster: &'a [P],
}

/// A `keys` event.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a, P> {
    /// The generation that begins.
    pub generation: u32,
    /// The receiver's own letter, if the event has one.
    pub letter: Option<&'a [u8]>,
    /// Parts of the roster, with those who came.
    pub came: &'a [P],
    /// The numbers of those who went.
    pub went: &'a [u32],
}

/// What became of a [`Change`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// An earlier generation, or the newest one again: nothing new.
    Known,
    /// A generation or a letter is missing. The client seals nothing until it has returned to the present.
    Behind,
    /// The next generation has begun.
    Next(Circle),
}

/// A new circle of people, compared with the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Its generation.
    pub generation: u32,
    /// By rising number.
    pub joined: Vec<Entry>,
    /// By rising number.
    pub left: Vec<Entry>,
}

/// A generation as its letter and its roster describe it; both are the host's.
pub(super) struct Opened {
    pub(super) letter: Letter,
    pub(super) roster: Roster,
}

impl Opened {
    /// Opens a welcome: its roster is complete.
    pub(super) fn welcome<P: AsRef<[u8]>>(
        session: &Session,
        welcome: &Welcome<'_, P>,
    ) -> Result<Self, Violation> {
        let letter = open_letter(session, welcome.generation, welcome.letter)?;
        let entries = open_parts(&letter.key, welcome.generation, welcome.roster)?;
        let roster = entries.into_iter().map(|entry| (entry.number, entry)).collect();
        Self { letter, roster }.check()
    }

    /// Opens the generation after the one with the roster `before`.
    pub(super) fn change<P: AsRef<[u8]>>(
        session: &Session,
        change: &Change<'_, P>,
        letter: &[u8],
        before: &Roster,
    ) -> Result<Self, Violation> {
        let letter = open_letter(session, change.generation, letter)?;
        let mut roster = before.clone();
        for number in change.went {
            roster.remove(number);
        }
        let came = open_parts(&letter.key, change.generation, change.came)?;
        roster.extend(came.into_iter().map(|entry| (entry.number, entry)));
        Self { letter, roster }.check()
    }

    /// The hash is over entries by rising number, so that an entry given twice makes no difference.
    fn check(self) -> Result<Self, Violation> {
        let host = self.roster.get(&HOST_NUMBER);
        let has_host = host.is_some_and(|host| host.tag == HOST_TAG && host.name.is_empty());
        let fits = self.roster.len() <= MAX_PARTICIPANTS + 1;
        let is_named = roster::circle_hash(self.roster.values()) == self.letter.circle;
        if has_host && fits && is_named { Ok(self) } else { Err(Violation::Roster) }
    }

    /// The number of the one entry with this signing key: nothing else tells a client its number.
    pub(super) fn number_of(&self, signing: &[u8; 32]) -> Result<u32, Violation> {
        let mut own = self.roster.values().filter(|entry| entry.signing == *signing);
        match (own.next(), own.next()) {
            (Some(entry), None) if entry.number != HOST_NUMBER => Ok(entry.number),
            _ => Err(Violation::NotListed),
        }
    }

    /// What has changed since the roster `before`.
    pub(super) fn since(&self, before: &Roster, generation: u32) -> Result<Circle, Violation> {
        let differs = |entry: &Entry| before.get(&entry.number).is_some_and(|old| old != entry);
        if self.roster.values().any(differs) {
            return Err(Violation::NumberReused);
        }
        let joined = only_in(&self.roster, before);
        Ok(Circle { generation, joined, left: only_in(before, &self.roster) })
    }
}

fn only_in(roster: &Roster, other: &Roster) -> Vec<Entry> {
    roster.values().filter(|entry| !other.contains_key(&entry.number)).cloned().collect()
}

/// Opens the letter of a generation.
fn open_letter(session: &Session, generation: u32, letter: &[u8]) -> Result<Letter, Violation> {
    // Number 0 is the refusal's.
    if generation == 0 {
        return Err(Violation::Letter);
    }
    let content = session.open(generation.into(), letter).ok_or(Violation::Letter)?;
    Letter::parse(&content).ok_or(Violation::Letter)
}

fn open_parts<P: AsRef<[u8]>>(
    key: &RoomKey,
    generation: u32,
    parts: &[P],
) -> Result<Vec<Entry>, Violation> {
    let mut entries = Vec::new();
    for part in parts {
        entries.extend(roster::open_part(key, generation, part.as_ref()).ok_or(Violation::Part)?);
        if entries.len() > MAX_PARTICIPANTS + 1 {
            return Err(Violation::Roster);
        }
    }
    Ok(entries)
}
