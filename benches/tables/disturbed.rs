//! What others notice of somebody who disturbs.

use std::time::Duration;

use super::Bench;
use super::latency::{PER_SECOND, RECEIVERS};
use crate::load::{Coming, Delays, Guest, Load, Manners};
use crate::machine;
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{Pace, Room, Server};

/// Who is in the room beside the others.
const GUESTS: &[(&str, Option<Manners>)] = &[
    ("nobody", None),
    ("one who reads nothing", Some(Manners::Deaf)),
    ("one who reads 1 KiB every 50 ms", Some(Manners::Slow)),
    ("one who says 10 000 messages/s", Some(Manners::Floods)),
];

/// What everybody says before, below the burst that is allowed: 900 KB, more than all buffers on the
/// way to one who does not read, and the 500 events that the room keeps.
const BEFORE: usize = 24;

/// How long the guest disturbs before it counts: its own burst is over then.
const LEAD: Duration = Duration::from_millis(200);

const COLUMNS: &[&str] = &[
    "disturbed by",
    "p50",
    "p99",
    "max",
    "p50 ratio",
    "p99 ratio",
    "RSS + KiB",
    "it said",
    "it lacks",
];

/// What the others noticed, and what else there was to see.
#[derive(Debug)]
struct Noticed {
    delays: Delays,
    /// KiB by which the room grew.
    grown: f64,
    /// Messages that the guest said.
    said: f64,
    /// Messages of the others that have not reached it.
    lacks: f64,
}

impl Bench {
    /// Shows it.
    pub(super) fn disturbed(&mut self) {
        let title = format!(
            "disturbed: µs until each of {RECEIVERS} has a message, as for latency; each may say two \
             per second, as shipped, after a burst of 100"
        );
        let mut table = Table::new(&title, 1, COLUMNS);
        let pace = Pace::TALKATIVE;
        let room = Server::room("chattrace", Room { pace, ..Room::of(self.serve.clone()) });
        let mut noticed: Vec<Vec<Noticed>> = GUESTS.iter().map(|_| Vec::new()).collect();
        for round in 0..self.rounds() {
            for (number, (who, manners)) in GUESTS.iter().enumerate() {
                progress(&format!("disturbed by {who}: {round}"));
                match self.beside_guest(&room, *manners) {
                    Ok(delays) => noticed[number].push(delays),
                    Err(why) => self.failed(&room, &format!("beside {who}"), &why, &mut table),
                }
            }
        }
        let of =
            |number: usize, value: fn(&Noticed) -> f64| median(noticed[number].iter().map(value));
        for (number, (who, _)) in GUESTS.iter().enumerate() {
            let values: [fn(&Noticed) -> f64; 3] =
                [|one| one.delays.p50, |one| one.delays.p99, |one| one.delays.max];
            let mut row = vec![(*who).to_owned()];
            row.extend(values.iter().map(|value| figure(of(number, *value), 0)));
            row.extend(values[..2].iter().map(|value| ratio(of(number, *value), of(0, *value))));
            row.push(figure(of(number, |one| one.grown), 0));
            row.push(grouped(of(number, |one| one.said)));
            row.push(grouped(of(number, |one| one.lacks)));
            table.row(row);
        }
        table.print();
    }

    fn beside_guest(&self, room: &Server, manners: Option<Manners>) -> Result<Noticed, String> {
        let running = room.start(self.cores)?;
        let mut load = Load::connect(&running.target, RECEIVERS, Coming::InTurn)?;
        let mut guest = match manners {
            Some(manners) => Some(Guest::join(&running.target, manners, RECEIVERS)?),
            None => None,
        };
        load.settle(guest.as_ref().map(|guest| guest.n).as_slice())?;
        let before = machine::resident_kib(running.pid())?;
        load.rounds(BEFORE)?;
        load.pace(PER_SECOND, LEAD, || guest.as_mut().map_or(Ok(()), Guest::disturb))?;
        let delays =
            load.pace(PER_SECOND, self.talk(), || guest.as_mut().map_or(Ok(()), Guest::disturb))?;
        let after = machine::resident_kib(running.pid())?;
        let said = guest.as_ref().map_or(0, |guest| guest.said);
        let lacks = match (guest.as_mut(), manners) {
            (Some(guest), Some(Manners::Deaf | Manners::Slow)) => {
                load.said().saturating_sub(guest.got()?)
            }
            (Some(_) | None, _) => 0,
        };
        let grown = after as f64 - before as f64;
        Ok(Noticed { delays, grown, said: said as f64, lacks: lacks as f64 })
    }
}
