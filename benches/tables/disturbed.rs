//! The latency of others beside a participant that disturbs.

use std::time::Duration;

use super::Bench;
use super::latency::{PER_SECOND, RECEIVERS};
use crate::load::{Arrival, Disruption, Disruptor, Latency, Load};
use crate::machine;
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{RateLimit, Room, Server};

/// The disruptions, by the name of their row.
const DISRUPTIONS: &[(&str, Option<Disruption>)] = &[
    ("none", None),
    ("one client reads nothing", Some(Disruption::ReadsNothing)),
    ("one client reads 1 KiB every 50 ms", Some(Disruption::ReadsSlowly)),
    ("one client sends 10 000 messages/s", Some(Disruption::Floods)),
];

/// Messages of each client before the measurement, below the allowed burst: 900 KB in all, which is
/// more than the 500 events of the ring and all buffers on the way to a client that does not read.
const ROUNDS_BEFORE: usize = 24;

/// How long the disruptor acts before the measurement: long enough to use up its own burst.
const LEAD_TIME: Duration = Duration::from_millis(200);

const COLUMNS: &[&str] = &[
    "disruption",
    "p50",
    "p99",
    "max",
    "p50 ratio",
    "p99 ratio",
    "RSS + KiB",
    "it sent",
    "it did not receive",
];

/// The figures of one round.
#[derive(Debug)]
struct Figures {
    latency: Latency,
    /// KiB by which the server grew.
    grown: f64,
    /// Messages that the disruptor sent.
    sent: f64,
    /// Messages of the other clients that the disruptor did not receive.
    missed: f64,
}

impl Bench {
    pub(super) fn disturbed(&mut self) {
        let title = format!(
            "disturbed: µs until each of {RECEIVERS} has a message, as for latency; each may send two \
             per second, which is the default, after a burst of 100"
        );
        let mut table = Table::new(&title, 1, COLUMNS);
        let rate_limit = RateLimit::LONG_BURST;
        let room =
            Server::room("chattrace", Room { rate_limit, ..Room::unlimited(self.serve.clone()) });
        let mut figures: Vec<Vec<Figures>> = DISRUPTIONS.iter().map(|_| Vec::new()).collect();
        for round in 0..self.rounds() {
            for (number, (name, disruption)) in DISRUPTIONS.iter().enumerate() {
                progress(&format!("disturbed by {name}: {round}"));
                match self.measure_beside(&room, *disruption) {
                    Ok(measured) => figures[number].push(measured),
                    Err(why) => {
                        self.record_failure(&room, &format!("beside {name}"), &why, &mut table)
                    }
                }
            }
        }
        let of =
            |number: usize, value: fn(&Figures) -> f64| median(figures[number].iter().map(value));
        for (number, (name, _)) in DISRUPTIONS.iter().enumerate() {
            let values: [fn(&Figures) -> f64; 3] =
                [|one| one.latency.p50, |one| one.latency.p99, |one| one.latency.max];
            let mut row = vec![(*name).to_owned()];
            row.extend(values.iter().map(|value| figure(of(number, *value), 0)));
            row.extend(values[..2].iter().map(|value| ratio(of(number, *value), of(0, *value))));
            row.push(figure(of(number, |one| one.grown), 0));
            row.push(grouped(of(number, |one| one.sent)));
            row.push(grouped(of(number, |one| one.missed)));
            table.row(row);
        }
        table.print();
    }

    fn measure_beside(
        &self,
        room: &Server,
        disruption: Option<Disruption>,
    ) -> Result<Figures, String> {
        let process = room.start(self.cores)?;
        let mut load = Load::connect(&process.target, RECEIVERS, Arrival::InWaves)?;
        let mut disruptor = match disruption {
            Some(disruption) => Some(Disruptor::join(&process.target, disruption, RECEIVERS)?),
            None => None,
        };
        load.synchronize(disruptor.as_ref().map(|disruptor| disruptor.n).as_slice())?;
        let before = machine::resident_kib(process.pid())?;
        load.send_rounds(ROUNDS_BEFORE)?;
        load.measure_latency(PER_SECOND, LEAD_TIME, || {
            disruptor.as_mut().map_or(Ok(()), Disruptor::act)
        })?;
        let latency = load.measure_latency(PER_SECOND, self.duration(), || {
            disruptor.as_mut().map_or(Ok(()), Disruptor::act)
        })?;
        let after = machine::resident_kib(process.pid())?;
        let sent = disruptor.as_ref().map_or(0, |disruptor| disruptor.sent);
        let missed = match (disruptor.as_mut(), disruption) {
            (Some(disruptor), Some(Disruption::ReadsNothing | Disruption::ReadsSlowly)) => {
                load.sent().saturating_sub(disruptor.received()?)
            }
            (Some(_) | None, _) => 0,
        };
        let grown = after as f64 - before as f64;
        Ok(Figures { latency, grown, sent: sent as f64, missed: missed as f64 })
    }
}
