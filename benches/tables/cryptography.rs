//! The time of each step of the cryptography of sealed rooms, in this process: without a network, and with the
//! same code that the programs use.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use chattrace::seal::{
    Applicant, Change, Entry, Generation, Guest, HostKeys, HostSession, Knock, LinkKeys, Received,
    RoomKey, Welcome,
};

use super::Bench;
use crate::load::draw;
use crate::report::{Table, figure, median};

const RING_AGE: Duration = Duration::from_secs(600);

/// People in the room.
const SIZES: [usize; 2] = [100, 1_000];

const TEXT: &str = "a sentence of a chat, a hundred bytes long, as it is said many times a day, by people, to people.";

/// One participant, and the host's side of their session.
struct Person {
    guest: Guest,
    session: HostSession,
}

/// A room with so many people, of whom two are followed.
struct Room {
    entries: Vec<Entry>,
    people: [Person; 2],
}

impl Bench {
    pub(super) fn cryptography(&mut self) {
        let mut table = Table::new("cryptography: µs of each step", 2, &["step", "by", "µs"]);
        let result = self.steps(&mut table);
        if let Err(why) = result {
            self.passed = false;
            table.note(why);
        }
        table.print();
    }

    fn steps(&self, table: &mut Table) -> Result<(), String> {
        let times = if self.options.quick { 5 } else { 200 };
        let mut row = |step: String, by: &str, micros: Option<f64>| {
            table.row(vec![step, by.to_owned(), figure(micros, 1)]);
        };
        let link = LinkKeys::new(draw()?);
        let (mut participant, mut host) = (Vec::new(), Vec::new());
        for _ in 0..times {
            let joined = join(&link)?;
            participant.push(joined.participant.as_secs_f64() * 1e6);
            host.push(joined.host.as_secs_f64() * 1e6);
        }
        row("knock, check of the answer, request".into(), "participant", median(participant));
        row("answer, opening of the request".into(), "host", median(host));
        for size in SIZES {
            let mut room = Room::new(size)?;
            row(
                format!("a generation with {size} letters, and its roster"),
                "host",
                measure(times.min(50), draw, |key| room.generation(key, 2))?,
            );
            let changes = room.changes(times.min(50))?;
            row(format!("a change in a room of {size}"), "participant", changes);
            row(format!("seal a message in a room of {size}"), "participant", room.seals(times)?);
            row(format!("open a message in a room of {size}"), "participant", room.opens(times)?);
        }
        Ok(())
    }
}

/// The median time of `step`, in microseconds; `prepare` is not measured.
fn measure<T>(
    times: usize,
    mut prepare: impl FnMut() -> Result<T, String>,
    mut step: impl FnMut(T),
) -> Result<Option<f64>, String> {
    let mut micros = Vec::new();
    for _ in 0..times {
        let input = prepare()?;
        let started = Instant::now();
        step(input);
        micros.push(started.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(micros))
}

/// A handshake and a request, with the time that each side has taken.
struct Joined {
    applicant: Applicant,
    session: HostSession,
    signing: [u8; 32],
    participant: Duration,
    host: Duration,
}

fn join(link: &LinkKeys) -> Result<Joined, String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let drawn = (draw()?, draw()?, draw()?);
    let started = Instant::now();
    let knock = Knock::new(link.ticket(), drawn.0);
    let knocked = Instant::now();
    let answer = link.answer(knock.message(), drawn.1).map_err(|error| failed(&error));
    let (message, session) = answer?;
    let answered = Instant::now();
    let opened = knock.open_answer(&message).map_err(|error| failed(&error))?;
    let request = opened.request("a person", &drawn.2).map_err(|error| failed(&error));
    let (applicant, sealed) = request?;
    let requested = Instant::now();
    let request = session.open_request(&sealed, |_| false).map_err(|error| failed(&error))?;
    let judged = Instant::now();
    Ok(Joined {
        applicant,
        session,
        signing: request.signing,
        participant: (knocked - started) + (requested - answered),
        host: (answered - knocked) + (judged - requested),
    })
}

impl Room {
    fn new(size: usize) -> Result<Self, String> {
        let (link, keys) = (LinkKeys::new(draw()?), HostKeys::new(&draw()?));
        let mut entries = vec![keys.entry()];
        let mut waiting = Vec::new();
        for number in 1..=u32::try_from(size).map_err(|error| error.to_string())? {
            let Joined { applicant, session, signing, .. } = join(&link)?;
            let name = format!("person number {number}");
            entries.push(Entry { number, tag: *b"abc", signing, name });
            if waiting.len() < 2 {
                waiting.push((applicant, session));
            }
        }
        let mut generation = Generation::new(NonZeroU32::MIN, RoomKey::new(draw()?), &entries, 1);
        let roster = generation.seal_parts(&entries);
        let mut people = Vec::new();
        for (applicant, session) in waiting {
            let letter = session.letter(&generation);
            let welcome = Welcome { generation: 1, letter: &letter, roster: &roster };
            let guest = applicant.welcome(&welcome, RING_AGE, Duration::ZERO);
            people.push(Person { guest: guest.map_err(|error| error.to_string())?, session });
        }
        let people = people.try_into().map_err(|_| "two people were let in")?;
        Ok(Self { entries, people })
    }

    /// A generation: its hash, all letters, and the roster. Each letter costs the same.
    fn generation(&self, key: chattrace::seal::SecretBytes<32>, number: u32) {
        let number = NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let mut generation = Generation::new(number, RoomKey::new(key), &self.entries, 1);
        for _ in 1..self.entries.len() {
            black_box(self.people[0].session.letter(&generation));
        }
        black_box(generation.seal_parts(&self.entries));
    }

    /// A newcomer comes, and one participant takes the line.
    fn changes(&mut self, times: usize) -> Result<Option<f64>, String> {
        let mut micros = Vec::new();
        for _ in 0..times {
            let number = self.people[0].guest.generation() + 1;
            let last = self.entries.pop().ok_or("a room without people")?;
            let next = Entry { number: last.number + 1, ..last.clone() };
            self.entries.push(next.clone());
            let next_number = NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
            let mut generation =
                Generation::new(next_number, RoomKey::new(draw()?), &self.entries, 1);
            let came = generation.seal_parts([&next]);
            for (at, person) in self.people.iter_mut().enumerate() {
                let letter = person.session.letter(&generation);
                let change = Change {
                    generation: number,
                    letter: Some(&letter),
                    came: &came,
                    went: &[last.number],
                };
                let started = Instant::now();
                let changed = person.guest.change(&change, Duration::ZERO);
                if at == 0 {
                    micros.push(started.elapsed().as_secs_f64() * 1e6);
                }
                changed.map_err(|error| error.to_string())?;
            }
        }
        Ok(median(micros))
    }

    fn seals(&mut self, times: usize) -> Result<Option<f64>, String> {
        let [person, _] = &mut self.people;
        measure(
            times,
            || Ok(()),
            |()| {
                let _ = black_box(person.guest.seal_message(TEXT, Duration::ZERO));
            },
        )
    }

    fn opens(&mut self, times: usize) -> Result<Option<f64>, String> {
        let [author, reader] = &mut self.people;
        let mut all_opened = true;
        let seal =
            || author.guest.seal_message(TEXT, Duration::ZERO).map_err(|error| error.to_string());
        let median = measure(times, seal, |sealed| {
            all_opened &= matches!(reader.guest.open_box(&sealed), Received::Said(_));
        })?;
        if all_opened { Ok(median) } else { Err("a message did not open".to_owned()) }
    }
}
