//! A participant who is in the room: the rules by which a receiver accepts generations and boxes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::author::{Author, SealError};
use super::counters::{Counters, Repeat};
use super::derivation::RoomKey;
use super::key_ring::KeyRing;
use super::knock::Welcome;
use super::letter::Letter;
use super::noise::Session;
use super::roster::{self, Entry, HOST_NUMBER, HOST_TAG, MAX_PARTICIPANTS, Roster};
use super::sealed_box::{self, BadBox, Content, Kind, Signers};
use super::signing::SigningSecret;
use crate::box_head::BoxHead;

/// Something that the host did not do. The client says so, and ends: the relay, or who is between, lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Message 2 of the handshake does not open.
    #[error("the answer to this handshake was altered")]
    Answer,
    /// The static key is not the one that the ticket is the fingerprint of.
    #[error("the answer is not from the host of this link")]
    Host,
    /// A refusal does not open.
    #[error("the refusal is not from the host of this link")]
    Refusal,
    /// A letter does not open, under its generation, in this session.
    #[error("the keys of the room are not from its host")]
    Letter,
    /// A part of the roster does not open, or does not hold entries.
    #[error("a part of the roster was altered")]
    Part,
    /// The roster is not the one that the letter names, or has no host.
    #[error("the roster is not the one of the host")]
    Roster,
    /// The client's own key is not in the roster, or under another number than before.
    #[error("the roster does not name this participant")]
    NotListed,
    /// A number that one person had was given to another.
    #[error("the roster gives one number to two people")]
    NumberReused,
    /// A welcome to an earlier generation than is known.
    #[error("the room went back to earlier keys")]
    WentBack,
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

/// What became of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Said by the entry of the roster that has this number.
    Said(Said),
    /// Not what it claims to be: shown as such, never skipped.
    Bad(BadBox),
    /// Its author's counter is not above the last one: dropped, and counted by [`Guest::repeats`].
    Repeat,
    /// Of an unknown later generation: a generation is missing. The client seals nothing until it has
    /// returned to the present.
    Behind,
    /// Of an earlier generation without a key, so not for this client: one dim line.
    NotForUs,
}

/// A box that was opened and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Author, generation and counter.
    pub head: BoxHead,
    /// Up to that many messages of this author before it are missing.
    pub missing: u32,
    /// What was said.
    pub content: Content,
}

/// One participant in a sealed room.
#[derive(Debug)]
pub struct Guest {
    session: Session,
    author: Author,
    number: u32,
    roster: Roster,
    keys: KeyRing,
    counters: Counters,
    /// The latest generation that an event or a box named.
    latest_named: u32,
    repeats: u64,
}

impl Guest {
    pub(super) fn new<P: AsRef<[u8]>>(
        session: Session,
        signing: SigningSecret,
        welcome: &Welcome<'_, P>,
        ring_age: Duration,
        now: Duration,
    ) -> Result<Self, Violation> {
        let (letter, roster) = open_welcome(&session, welcome)?;
        let author = Author::new(signing);
        let number = own_number(&roster, &author.public())?;
        let keys = KeyRing::new(welcome.generation, letter, ring_age, now);
        let latest_named = welcome.generation;
        let counters = Counters::default();
        Ok(Self { session, author, number, roster, keys, counters, latest_named, repeats: 0 })
    }

    /// The client's own number, by which it finds its tag and name in [`roster`](Self::roster).
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Who shares the newest key, by rising number: the host, the client, and all others. Authenticated by
    /// the host.
    pub fn roster(&self) -> impl Iterator<Item = &Entry> {
        self.roster.values()
    }

    /// The entry with this number in the newest roster.
    pub fn entry(&self, number: u32) -> Option<&Entry> {
        self.roster.get(&number)
    }

    /// The newest generation.
    pub fn generation(&self) -> u32 {
        self.keys.newest()
    }

    /// Whether a generation is missing, so that nothing may be sealed.
    pub fn is_behind(&self) -> bool {
        self.latest_named > self.keys.newest()
    }

    /// How many boxes were repeats.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// Takes a `keys` event.
    ///
    /// # Errors
    /// A [`Violation`] if the host did not send this: say so, and end.
    pub fn change<P: AsRef<[u8]>>(
        &mut self,
        change: &Change<'_, P>,
        now: Duration,
    ) -> Result<Changed, Violation> {
        let newest = self.keys.newest();
        if change.generation <= newest {
            return Ok(Changed::Known);
        }
        self.latest_named = self.latest_named.max(change.generation);
        let (true, Some(letter)) = (change.generation - newest == 1, change.letter) else {
            return Ok(Changed::Behind);
        };
        let letter = open_letter(&self.session, change.generation, letter)?;
        let mut roster = self.roster.clone();
        for number in change.went {
            roster.remove(number);
        }
        let came = open_parts(&letter.key, change.generation, change.came)?;
        roster.extend(came.into_iter().map(|entry| (entry.number, entry)));
        self.begin(change.generation, letter, roster, now).map(Changed::Next)
    }

    /// Returns to the present by a welcome in the same session, after it was away or [behind](Self::is_behind).
    ///
    /// # Errors
    /// A [`Violation`] if the host did not send this: say so, and end.
    pub fn return_to_present<P: AsRef<[u8]>>(
        &mut self,
        welcome: &Welcome<'_, P>,
        now: Duration,
    ) -> Result<Circle, Violation> {
        if welcome.generation < self.latest_named {
            return Err(Violation::WentBack);
        }
        let (letter, roster) = open_welcome(&self.session, welcome)?;
        let circle = self.begin(welcome.generation, letter, roster, now)?;
        self.interrupted();
        Ok(circle)
    }

    /// The room said that events are missing (`gap`), or the client was away: how many boxes were among them
    /// is not known, so that none is shown as missing.
    pub fn interrupted(&mut self) {
        self.counters.interrupted();
    }

    /// Opens a box, and checks it. Until all has passed, nothing changes.
    pub fn open_box(&mut self, sealed: &[u8]) -> Received {
        let Some(head) = BoxHead::parse(sealed) else {
            return Received::Bad(BadBox::Malformed);
        };
        if head.generation > self.keys.newest() {
            self.latest_named = self.latest_named.max(head.generation);
            return Received::Behind;
        }
        let Some(key) = self.keys.get(head.generation) else {
            return Received::NotForUs;
        };
        let (Some(author), Some(host)) =
            (self.roster.get(&head.number), self.roster.get(&HOST_NUMBER))
        else {
            return Received::Bad(BadBox::UnknownAuthor);
        };
        let signers = Signers { author: &author.signing, host: &host.signing };
        match sealed_box::open(key, signers, sealed) {
            Ok(content) => self.accept(head, content),
            Err(error) => Received::Bad(error),
        }
    }

    /// Signs and seals a message of at most [`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES). To send it again, send
    /// the same bytes.
    ///
    /// # Errors
    /// [`SealError`]; no counter is used up then.
    pub fn seal_message(&mut self, text: &str, now: Duration) -> Result<Vec<u8>, SealError> {
        if self.is_behind() {
            return Err(SealError::Behind);
        }
        let key = self.keys.sealing_key(now).ok_or(SealError::TooOld)?;
        let host = self.roster.get(&HOST_NUMBER).ok_or(SealError::Behind)?;
        let place = (self.keys.newest(), self.number);
        self.author.seal(key, &host.signing, place, (Kind::Message, text))
    }

    /// The room refused the box with this counter: the next one does not follow it.
    pub fn refused(&mut self, counter: u32) {
        self.author.refused(counter);
    }

    fn accept(&mut self, head: BoxHead, content: Content) -> Received {
        match self.counters.accept(head, &content) {
            Ok(missing) => {
                if head.number == self.number {
                    self.author.delivered(head.counter);
                }
                Received::Said(Said { head, missing, content })
            }
            Err(Repeat) => {
                self.repeats += 1;
                Received::Repeat
            }
        }
    }

    /// Checks `roster` against the letter, and makes it the newest.
    fn begin(
        &mut self,
        generation: u32,
        letter: Letter,
        roster: Roster,
        now: Duration,
    ) -> Result<Circle, Violation> {
        check_roster(&roster, &letter)?;
        if own_number(&roster, &self.author.public())? != self.number {
            return Err(Violation::NotListed);
        }
        let circle = compare(generation, &self.roster, &roster)?;
        for entry in &circle.joined {
            self.counters.came(entry.number);
        }
        for entry in &circle.left {
            self.counters.left(entry.number, generation);
        }
        self.roster = roster;
        self.keys.insert(generation, letter);
        self.latest_named = self.latest_named.max(generation);
        self.counters.forget_left_before(self.keys.forget_expired(now));
        Ok(circle)
    }
}

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

fn open_welcome<P: AsRef<[u8]>>(
    session: &Session,
    welcome: &Welcome<'_, P>,
) -> Result<(Letter, Roster), Violation> {
    let letter = open_letter(session, welcome.generation, welcome.letter)?;
    let entries = open_parts(&letter.key, welcome.generation, welcome.roster)?;
    let roster: BTreeMap<u32, Entry> =
        entries.into_iter().map(|entry| (entry.number, entry)).collect();
    check_roster(&roster, &letter)?;
    Ok((letter, roster))
}

/// The hash is over the entries by rising number, so that an entry given twice makes no difference.
fn check_roster(roster: &Roster, letter: &Letter) -> Result<(), Violation> {
    let has_host =
        roster.get(&HOST_NUMBER).is_some_and(|host| host.tag == HOST_TAG && host.name.is_empty());
    let is_full = roster.len() <= MAX_PARTICIPANTS + 1;
    if has_host && is_full && roster::circle_hash(roster.values()) == letter.circle {
        Ok(())
    } else {
        Err(Violation::Roster)
    }
}

/// Only this entry tells a client its number.
fn own_number(roster: &Roster, signing: &[u8; 32]) -> Result<u32, Violation> {
    let mut own = roster.values().filter(|entry| entry.signing == *signing);
    match (own.next(), own.next()) {
        (Some(entry), None) if entry.number != HOST_NUMBER => Ok(entry.number),
        _ => Err(Violation::NotListed),
    }
}

fn compare(generation: u32, before: &Roster, after: &Roster) -> Result<Circle, Violation> {
    if after.iter().any(|(number, entry)| before.get(number).is_some_and(|old| old != entry)) {
        return Err(Violation::NumberReused);
    }
    let not_in = |other: &Roster, roster: &Roster| -> Vec<Entry> {
        roster.values().filter(|entry| !other.contains_key(&entry.number)).cloned().collect()
    };
    Ok(Circle { generation, joined: not_in(before, after), left: not_in(after, before) })
}
