//! Throughput at saturation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::{Bench, MAX_PARTICIPANTS};
use crate::load::{Arrival, Load, Saturation};
use crate::machine;
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{Server, Yardstick};

/// Receivers, and outstanding messages of each of four senders.
const LOADS: &[(usize, &[usize])] =
    &[(50, &[8]), (200, &[1, 8, 32]), (1_000, &[8]), (MAX_PARTICIPANTS, &[8])];

/// By receivers, outstanding messages, and index of the server.
type Figures = BTreeMap<(usize, usize, usize), Vec<Saturation>>;

/// Receivers, and index of a server that failed with them.
type Failures = BTreeSet<(usize, usize)>;

const COLUMNS: &[&str] = &[
    "server",
    "receivers",
    "outstanding",
    "deliveries/s",
    "bytes each",
    "of floor-batch",
    "of floor-frame",
    "server CPU µs each",
    "server busy",
    "load busy",
    "lost, doubled, reordered",
];

impl Bench {
    pub(super) fn saturation(&mut self) {
        let title = "saturation: deliveries per second to all receivers, from four senders with so \
                     many messages each outstanding";
        let mut table = Table::new(title, 1, COLUMNS);
        let mut servers = self.servers();
        if self.options.padded {
            servers.push(Server::yardstick(Yardstick::FloorBatch).with_padding());
        }
        let (mut figures, mut failures) = (Figures::new(), Failures::new());
        let sizes: Vec<usize> = LOADS.iter().map(|(size, _)| *size).collect();
        let sizes = self.sizes(&sizes, &mut table);
        for (receivers, loads) in LOADS.iter().filter(|(size, _)| sizes.contains(size)) {
            // A room of ten thousand takes seconds to fill, so it is filled once for all rounds.
            let (sessions, repeats) =
                if *receivers < MAX_PARTICIPANTS { (self.rounds(), 1) } else { (1, self.rounds()) };
            for session in 0..sessions {
                let holding = servers.iter().enumerate().filter(|(_, it)| it.holds(*receivers));
                for (number, server) in holding {
                    progress(&format!("saturation, {receivers}, {}: {session}", server.name));
                    let loads = loads.repeat(repeats);
                    match self.saturated(server, *receivers, &loads) {
                        Ok(measured) => {
                            for (load, measured) in loads.iter().zip(measured) {
                                let key = (*receivers, *load, number);
                                figures.entry(key).or_default().push(measured);
                            }
                        }
                        Err(why) => {
                            failures.insert((*receivers, number));
                            let what = format!("{receivers} receivers");
                            self.record_failure(server, &what, &why, &mut table);
                        }
                    }
                }
            }
            for load in *loads {
                rows(&mut table, (&figures, &failures), (*receivers, *load), &servers);
                table.gap();
            }
        }
        table
            .note("a server that is busy below 95 % waits for the load or for its core".to_owned());
        if sizes.contains(&MAX_PARTICIPANTS) {
            table.note(format!("at {MAX_PARTICIPANTS} all rounds run within one session"));
        }
        table.print();
    }

    /// Starts a server, and measures it with each of these numbers of outstanding messages.
    pub(super) fn saturated(
        &mut self,
        server: &Server,
        receivers: usize,
        loads: &[usize],
    ) -> Result<Vec<Saturation>, String> {
        let mut process = server.start(self.cores)?;
        let started = Instant::now();
        let mut load = Load::connect(&process.target, receivers, Arrival::InWaves)?;
        let took = started.elapsed().as_secs_f64();
        load.synchronize(&[])?;
        let (pid, phases) = (process.room_pid(), self.phases(receivers));
        let resident = (machine::resident_kib(pid)?, took);
        self.resident.insert((server.name.clone(), receivers), resident);
        let measured =
            loads.iter().map(|outstanding| load.saturate(*outstanding, phases, pid)).collect();
        drop(load);
        if server.is_chattrace() {
            process.terminate()?;
            process.wait()?;
        }
        measured
    }
}

fn rows(
    table: &mut Table,
    (figures, failures): (&Figures, &Failures),
    load: (usize, usize),
    servers: &[Server],
) {
    let of = |number: usize, value: fn(&Saturation) -> f64| {
        median(figures.get(&(load.0, load.1, number))?.iter().map(value))
    };
    let position = |name: &str| servers.iter().position(|server| server.name == name);
    let floor = |name| position(name).and_then(|number| of(number, |one| one.per_second));
    for (number, server) in servers.iter().enumerate().filter(|(_, it)| it.holds(load.0)) {
        let per_second = of(number, |one| one.per_second);
        let percent = |value: Option<f64>| format!("{} %", figure(value.map(|v| v * 100.0), 0));
        table.row(vec![
            server.name.clone(),
            load.0.to_string(),
            load.1.to_string(),
            grouped(per_second),
            figure(of(number, |one| one.bytes), 0),
            ratio(per_second, floor("floor-batch")),
            ratio(per_second, floor("floor-frame")),
            figure(of(number, |one| one.cpu_micros), 3),
            percent(of(number, |one| one.server_busy)),
            percent(of(number, |one| one.load_busy)),
            if failures.contains(&(load.0, number)) { "failed" } else { "0" }.to_owned(),
        ]);
    }
}
