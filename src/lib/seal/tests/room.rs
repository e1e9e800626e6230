//! A room without a network: a host, and what it sends to each guest.

use std::num::NonZeroU32;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::seal::roster::Roster;
use crate::seal::{
    Applicant, Change, Changed, Circle, Entry, Generation, Guest, HostKeys, HostSession, Kind,
    Knock, LinkKeys, RoomKey, SecretBytes, Violation, Welcome,
};

pub(super) const RING_AGE: Duration = Duration::from_secs(600);
pub(super) const START: Duration = Duration::from_secs(1_000_000);

/// A host and its participants. Secrets are drawn from a counter.
pub(super) struct Room {
    pub(super) link: LinkKeys,
    pub(super) host: HostKeys,
    /// By rising number; the first one is the host's.
    pub(super) entries: Roster,
    sessions: Vec<HostSession>,
    generation: Option<Generation>,
    drawn: u64,
}

/// A generation as the relay has it, without the letters.
pub(super) struct Event {
    pub(super) generation: u32,
    pub(super) came: Vec<Vec<u8>>,
    pub(super) went: Vec<u32>,
    pub(super) roster: Vec<Vec<u8>>,
}

fn secret(seed: u64) -> SecretBytes<32> {
    SecretBytes::copy_from(&Sha256::digest(seed.to_be_bytes()).into())
}

impl Room {
    pub(super) fn new() -> Self {
        let (link, host) = (LinkKeys::new(secret(1)), HostKeys::new(&secret(2)));
        let entries = Roster::from([(0, host.entry())]);
        Self { link, host, entries, sessions: Vec::new(), generation: None, drawn: 2 }
    }

    fn draw(&mut self) -> SecretBytes<32> {
        self.drawn += 1;
        secret(self.drawn)
    }

    /// A newcomer asks to join, and is given the next number in the next generation.
    pub(super) fn apply(&mut self, name: &str) -> (u32, Applicant) {
        let (ephemeral, answering, signing) = (self.draw(), self.draw(), self.draw());
        let knock = Knock::new(self.link.ticket(), ephemeral);
        let (answer, session) = self.link.answer(knock.message(), answering).unwrap();
        let answered = knock.open_answer(&answer).unwrap();
        let (applicant, sealed) = answered.request(name, &signing).unwrap();
        let known = |key: &[u8; 32]| self.entries.values().any(|entry| entry.signing == *key);
        let request = session.open_request(&sealed, known).unwrap();
        self.sessions.push(session);
        let number = u32::try_from(self.sessions.len()).unwrap();
        let tag = [b'a', b'a' + (number / 26 % 26) as u8, b'a' + (number % 26) as u8];
        let entry = Entry { number, tag, signing: request.signing, name: request.name };
        self.entries.insert(number, entry);
        (number, applicant)
    }

    /// The next generation, at `seconds` of the session, with those who applied and without `went`.
    pub(super) fn begin(&mut self, came: &[u32], went: &[u32], seconds: u32) -> Event {
        self.entries.retain(|number, _| !went.contains(number));
        let key = RoomKey::new(self.draw());
        let next = self.generation.as_ref().map_or(1, |generation| generation.number() + 1);
        let number = NonZeroU32::new(next).unwrap();
        let mut generation = Generation::new(number, key, self.entries.values(), seconds);
        let came = generation.seal_parts(came.iter().filter_map(|it| self.entries.get(it)));
        let roster = generation.seal_parts(self.entries.values());
        self.generation = Some(generation);
        Event { generation: next, came, went: went.to_vec(), roster }
    }

    pub(super) fn letter(&self, number: u32) -> Vec<u8> {
        let generation = self.generation.as_ref().unwrap();
        self.sessions[number as usize - 1].letter(generation).to_vec()
    }

    pub(super) fn admit(
        &self,
        (number, applicant): (u32, Applicant),
        event: &Event,
        now: Duration,
    ) -> Result<Guest, Violation> {
        let letter = self.letter(number);
        applicant.welcome(&event.welcome(&letter), RING_AGE, now)
    }

    /// A newcomer joins, in a generation of their own.
    pub(super) fn join(&mut self, name: &str, seconds: u32, now: Duration) -> (Guest, Event) {
        let (number, applicant) = self.apply(name);
        let event = self.begin(&[number], &[], seconds);
        (self.admit((number, applicant), &event, now).unwrap(), event)
    }

    /// Sends the newest generation to a guest who is in it.
    pub(super) fn send(
        &self,
        event: &Event,
        guest: &mut Guest,
        now: Duration,
    ) -> Result<Changed, Violation> {
        let letter = self.letter(guest.number());
        guest.change(&event.change(Some(&letter)), now)
    }

    pub(super) fn send_welcome(
        &self,
        event: &Event,
        guest: &mut Guest,
        now: Duration,
    ) -> Result<Circle, Violation> {
        let letter = self.letter(guest.number());
        guest.return_to_present(&event.welcome(&letter), now)
    }

    pub(super) fn announce(&mut self, text: &str) -> Vec<u8> {
        let generation = self.generation.as_ref().unwrap();
        self.host.seal_box(generation, Kind::Announcement, text).unwrap()
    }
}

impl Event {
    pub(super) fn change<'a>(&'a self, letter: Option<&'a [u8]>) -> Change<'a, Vec<u8>> {
        Change { generation: self.generation, letter, came: &self.came, went: &self.went }
    }

    pub(super) fn welcome<'a>(&'a self, letter: &'a [u8]) -> Welcome<'a, Vec<u8>> {
        Welcome { generation: self.generation, letter, roster: &self.roster }
    }
}
