//! The answer to `who`: for people as lines, for programs as JSON.

use std::fmt;
use std::time::{Duration, Instant};

use super::connections::Connections;
use super::people::{Number, People, Person, Place};
use crate::control::{Connected, ListedApplicant, ListedParticipant, ResponseBody};
use crate::terminal::escape_control;
use crate::units::format_duration;

/// Who is in the room, and who waits, at one moment.
#[derive(Debug)]
pub(in crate::supervisor) struct Roster {
    people: Vec<ListedParticipant>,
    waiting: Vec<ListedApplicant>,
    /// Writes the time of day of a moment in milliseconds since 1970.
    time_of_day: fn(u64) -> String,
}

impl Roster {
    /// The people at `now`, connected by `connections`.
    pub(super) fn new(
        people: &People,
        connections: &Connections,
        now: Instant,
        time_of_day: fn(u64) -> String,
    ) -> Self {
        let listed = |(number, person): (Number, &Person)| ListedParticipant {
            number: number.into(),
            name: person.participant.name.clone(),
            tag: person.participant.tag.clone(),
            by: connections.get(&number).copied(),
            since: person.since.unix_ms,
            muted: people.muted(number).is_some(),
            muted_seconds: people
                .muted(number)
                .flatten()
                .map(|until| until.saturating_duration_since(now).as_secs()),
        };
        let applicant = |(number, person): (Number, &Person)| ListedApplicant {
            number: number.into(),
            name: person.participant.name.clone(),
            tag: person.participant.tag.clone(),
            since: person.since.unix_ms,
        };
        Self {
            people: people.at(Place::Room).map(listed).collect(),
            waiting: people.at(Place::Lobby).map(applicant).collect(),
            time_of_day,
        }
    }

    /// The same as data, for scripts.
    pub(in crate::supervisor) fn to_response(&self) -> ResponseBody {
        ResponseBody::Who { participants: self.people.clone(), waiting: self.waiting.clone() }
    }
}

impl fmt::Display for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.people.len() {
            0 => f.write_str("no one is in the room")?,
            count => write!(f, "{count} in the room")?,
        }
        for person in &self.people {
            write!(f, "\n{:>4}  {}", person.number, name_and_tag(&person.name, &person.tag))?;
            if let Some(by) = person.by {
                write!(f, " · {}", by_word(by))?;
            }
            write!(f, " · since {}", (self.time_of_day)(person.since))?;
            match person.muted_seconds {
                Some(seconds) => {
                    write!(f, " · muted for {}", format_duration(Duration::from_secs(seconds)))?;
                }
                None if person.muted => f.write_str(" · muted")?,
                None => {}
            }
        }
        if !self.waiting.is_empty() {
            write!(f, "\n{} waiting", self.waiting.len())?;
        }
        for person in &self.waiting {
            let (name, since) = (name_and_tag(&person.name, &person.tag), person.since);
            write!(f, "\n{:>4}  {name} · since {}", person.number, (self.time_of_day)(since))?;
        }
        Ok(())
    }
}

fn name_and_tag(name: &str, tag: &str) -> String {
    format!("{} #{tag}", escape_control(name))
}

fn by_word(connected: Connected) -> &'static str {
    match connected {
        Connected::Page => "page",
        Connected::Poll => "poll",
        Connected::Away => "away",
    }
}
