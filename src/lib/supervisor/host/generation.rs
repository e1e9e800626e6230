//! The next generation: a new room key, and the lines that tell everyone who shares it.

use std::num::NonZeroU32;
use std::time::Instant;

use super::output::{HostError, HostEvent, HostOutput};
use super::people::{Person, Standing};
use super::state::Host;
use crate::control::{Letter, MAX_ADMITTED_PER_LINE, MAX_LETTERS_PER_LINE, Sealed, ToRelay};
use crate::seal::{Entry, Generation, RoomKey};

impl Host {
    /// Begins the next generation with everyone who is to be in it.
    pub(super) fn begin_generation(
        &mut self,
        now: Instant,
        output: &mut HostOutput,
    ) -> Result<(), HostError> {
        let number = self.generation.as_ref().map_or(0, Generation::number);
        let number = number.checked_add(1).and_then(NonZeroU32::new);
        let number = number.ok_or(HostError::Exhausted)?;
        let key = RoomKey::new((self.draw)().ok_or(HostError::Randomness)?);
        let seconds = now.saturating_duration_since(self.started).as_secs();
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        let host = self.keys.entry();
        let circle = || self.people.next_circle();
        let entries = || std::iter::once(&host).chain(circle().map(|person| &person.entry));
        let mut generation = Generation::new(number, key, entries(), seconds);

        letter_lines(&generation, circle()).into_iter().for_each(|line| output.relay(line));
        let came = self.people.with(has_come).map(|person| &person.entry);
        for part in seal_parts(&mut generation, came) {
            output.relay(ToRelay::Came { generation: number.get(), part });
        }
        for part in seal_parts(&mut generation, entries()) {
            output.relay(ToRelay::Roster { generation: number.get(), part });
        }
        let went = self.people.with(has_gone).map(|it| it.entry.number);
        output.relay(ToRelay::Keys { generation: number.get(), went: went.collect() });
        self.admission_lines().for_each(|line| output.relay(line));

        self.report_presence(output);
        self.pace.change(self.people.next_circle().count(), now);
        self.people.begin_circle();
        self.generation = Some(generation);
        Ok(())
    }

    /// The lines that let in newcomers and those who return.
    fn admission_lines(&self) -> impl Iterator<Item = ToRelay> {
        let newcomers = self.people.with(|it| matches!(it, Standing::Joining { .. }));
        let newcomers: Vec<_> = newcomers.map(|it| (it.knock, it.entry.number)).collect();
        let returned = self.people.with(|it| it == Standing::Returning);
        let returned: Vec<u32> = returned.map(|it| it.entry.number).collect();
        let admit = chunks(newcomers, MAX_ADMITTED_PER_LINE)
            .into_iter()
            .map(|newcomers| ToRelay::Admit { newcomers });
        let readmit = chunks(returned, MAX_ADMITTED_PER_LINE)
            .into_iter()
            .map(|numbers| ToRelay::Readmit { numbers });
        admit.chain(readmit)
    }

    /// Tells the operator who went and who came, with the count after each.
    fn report_presence(&self, output: &mut HostOutput) {
        let mut present = self.people.circle().count();
        for person in self.people.with(has_gone) {
            present -= 1;
            let participant = person.participant();
            output.events.push(if person.standing == Standing::Removed {
                HostEvent::Removed { participant, present }
            } else {
                HostEvent::Left { participant, present }
            });
        }
        for person in self.people.with(has_come) {
            present += 1;
            let participant = person.participant();
            output.events.push(HostEvent::Joined { participant, present });
        }
    }
}

fn has_come(standing: Standing) -> bool {
    standing.is_in_next_circle() && !standing.is_in_circle()
}

fn has_gone(standing: Standing) -> bool {
    standing.is_in_circle() && !standing.is_in_next_circle()
}

/// The letters of `generation`, in as few lines as they fit in.
fn letter_lines<'a>(
    generation: &Generation,
    circle: impl Iterator<Item = &'a Person>,
) -> Vec<ToRelay> {
    let letter = |person: &Person| {
        let letter = Letter::new(person.session.letter(generation).to_vec());
        (person.entry.number, letter.expect("both constants are the length of a letter"))
    };
    let lines = chunks(circle.map(letter).collect(), MAX_LETTERS_PER_LINE).into_iter();
    lines.map(|letters| ToRelay::Letters { generation: generation.number(), letters }).collect()
}

fn seal_parts<'a>(
    generation: &mut Generation,
    entries: impl Iterator<Item = &'a Entry>,
) -> Vec<Sealed> {
    generation.seal_parts(entries).into_iter().map(sealed).collect()
}

/// The bytes as they go to the relay.
pub(super) fn sealed(bytes: Vec<u8>) -> Sealed {
    Sealed::new(bytes).expect("no sealed content is longer than the longest padding")
}

/// `items` in pieces of at most `size`.
fn chunks<T>(items: Vec<T>, size: usize) -> Vec<Vec<T>> {
    let mut items = items.into_iter().peekable();
    let mut chunks = Vec::new();
    while items.peek().is_some() {
        chunks.push(items.by_ref().take(size).collect());
    }
    chunks
}
