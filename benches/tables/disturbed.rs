//! What others notice of somebody who disturbs.

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

/// What everybody says before, below the burst that is allowed: 290 KB, more than all buffers on the
/// way to one who does not read.
const BEFORE: usize = 8;

const COLUMNS: &[&str] =
    &["disturbed by", "p50", "p99", "max", "p50 ratio", "p99 ratio", "RSS + KiB", "it said"];

/// What the others noticed, by how many KiB the room grew, and what the guest said.
type Noticed = (Delays, f64, f64);

impl Bench {
    /// Shows it.
    pub(super) fn disturbed(&mut self) {
        let title = format!(
            "disturbed: µs until each of {RECEIVERS} has a message, as for latency, with the rate \
             limit as shipped"
        );
        let mut table = Table::new(&title, 1, COLUMNS);
        let pace = Pace::SHIPPED;
        let room = Server::room("chattrace", Room { pace, ..Room::of(self.serve.clone()) });
        let mut noticed: Vec<Vec<Noticed>> = vec![Vec::new(); GUESTS.len()];
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
                [|one| one.0.p50, |one| one.0.p99, |one| one.0.max];
            let mut row = vec![(*who).to_owned()];
            row.extend(values.iter().map(|value| figure(of(number, *value), 0)));
            row.extend(values[..2].iter().map(|value| ratio(of(number, *value), of(0, *value))));
            row.push(figure(of(number, |one| one.1), 0));
            row.push(grouped(of(number, |one| one.2)));
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
        let delays =
            load.pace(PER_SECOND, self.talk(), || guest.as_mut().map_or(Ok(()), Guest::disturb))?;
        let after = machine::resident_kib(running.pid())?;
        let said = guest.map_or(0, |guest| guest.said);
        Ok((delays, after as f64 - before as f64, said as f64))
    }
}
