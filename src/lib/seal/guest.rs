//! A participant who is in the room: the rules by which a receiver accepts generations and boxes.

use std::time::Duration;

use super::author::{Author, SealError};
use super::circle::{Change, Changed, Circle, Opened, Welcome};
use super::counters::{Counters, Repeat};
use super::key_ring::KeyRing;
use super::noise::Session;
use super::roster::{Entry, HOST_NUMBER, Roster};
use super::sealed_box::{self, BadBox, Content, Kind, Signers};
use super::signing::SigningSecret;
use super::violation::Violation;
use crate::box_head::BoxHead;

/// What became of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Said by the entry of the roster that has this number.
    Said(Said),
    /// Not what it claims to be: shown as such, never skipped.
    Bad(BadBox),
    /// Not above its author's last counter: dropped, and counted by [`Guest::repeats`].
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
        let opened = Opened::welcome(&session, welcome)?;
        let author = Author::new(signing);
        let number = opened.number_of(&author.public())?;
        let Opened { letter, roster } = opened;
        let keys = KeyRing::new(welcome.generation, letter, ring_age, now);
        let latest_named = welcome.generation;
        let counters = Counters::new(roster.last_key_value().map_or(0, |(number, _)| *number));
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
        let opened = Opened::change(&self.session, change, letter, &self.roster)?;
        self.begin(change.generation, opened, now).map(Changed::Next)
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
        let opened = Opened::welcome(&self.session, welcome)?;
        let circle = self.begin(welcome.generation, opened, now)?;
        self.counters.returned(self.keys.ring_age(), now);
        Ok(circle)
    }

    /// The room said that events are missing (`gap`, `cleared`), messages fade, or the client was away: how many
    /// boxes were among them is not known, so that none is shown as missing.
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

    /// Makes a generation the newest.
    fn begin(
        &mut self,
        generation: u32,
        opened: Opened,
        now: Duration,
    ) -> Result<Circle, Violation> {
        if opened.number_of(&self.author.public())? != self.number {
            return Err(Violation::NotListed);
        }
        let circle = opened.since(&self.roster, generation)?;
        for entry in &circle.joined {
            self.counters.came(entry.number, now);
        }
        for entry in &circle.left {
            self.counters.left(entry.number, generation);
        }
        self.roster = opened.roster;
        self.keys.insert(generation, opened.letter);
        self.latest_named = self.latest_named.max(generation);
        self.counters.forget_left_before(self.keys.forget_expired(now));
        Ok(circle)
    }
}
