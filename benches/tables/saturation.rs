//! How many messages per second.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::{Bench, MANY};
use crate::load::{Coming, Load, Saturation};
use crate::machine;
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{Role, Server};

/// Receivers, and messages that each of four senders has on their way.
const LOADS: &[(usize, &[usize])] = &[(50, &[8]), (200, &[1, 8, 32]), (1_000, &[8]), (MANY, &[8])];

/// What was measured, by receivers, outstanding messages, and server.
type Figures = BTreeMap<(usize, usize, usize), Vec<Saturation>>;

/// Whose run with so many receivers was wrong.
type Wrong = BTreeSet<(usize, usize)>;

const COLUMNS: &[&str] = &[
    "server",
    "receivers",
    "on their way",
    "deliveries/s",
    "of floor-batch",
    "of floor-frame",
    "server CPU µs each",
    "server busy",
    "load busy",
    "lost, doubled, reordered",
];

impl Bench {
    /// Shows it.
    pub(super) fn saturation(&mut self) {
        let title = "saturation: deliveries per second to all receivers, from four senders with so \
                     many messages each on their way";
        let mut table = Table::new(title, 1, COLUMNS);
        let mut servers = self.servers();
        if self.options.as_much {
            servers.push(Server::own(Role::FloorBatch).with_as_much());
        }
        let (mut figures, mut wrong) = (Figures::new(), Wrong::new());
        let sizes: Vec<usize> = LOADS.iter().map(|(size, _)| *size).collect();
        let sizes = self.sizes(&sizes, &mut table);
        for (receivers, loads) in LOADS.iter().filter(|(size, _)| sizes.contains(size)) {
            // A room of ten thousand takes seconds to fill: it is filled once, for all rounds.
            let (sessions, repeats) =
                if *receivers < MANY { (self.rounds(), 1) } else { (1, self.rounds()) };
            for session in 0..sessions {
                for (number, server) in servers.iter().enumerate() {
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
                            wrong.insert((*receivers, number));
                            let what = format!("{receivers} receivers");
                            self.failed(server, &what, &why, &mut table);
                        }
                    }
                }
            }
            for load in *loads {
                rows(&mut table, (&figures, &wrong), (*receivers, *load), &servers);
                table.gap();
            }
        }
        table.note(
            "a server that is busy below 95 % waits for the load, or for its core".to_owned(),
        );
        if sizes.contains(&MANY) {
            table.note(format!("at {MANY} the rounds follow each other within one session"));
        }
        table.print();
    }

    /// Starts a server, and loads it in each of these ways.
    pub(super) fn saturated(
        &mut self,
        server: &Server,
        receivers: usize,
        loads: &[usize],
    ) -> Result<Vec<Saturation>, String> {
        let mut running = server.start(self.cores)?;
        let started = Instant::now();
        let mut load = Load::connect(&running.target, receivers, Coming::InTurn)?;
        let took = started.elapsed().as_secs_f64();
        load.settle(&[])?;
        let (pid, window) = (running.pid(), self.window(receivers));
        let seen = (machine::resident_kib(pid)?, took);
        self.resident.insert((server.name.clone(), receivers), seen);
        let measured =
            loads.iter().map(|outstanding| load.saturate(*outstanding, window, pid)).collect();
        drop(load);
        if server.is_room() {
            running.terminate()?;
            running.ended()?;
        }
        measured
    }
}

fn rows(
    table: &mut Table,
    (figures, wrong): (&Figures, &Wrong),
    load: (usize, usize),
    servers: &[Server],
) {
    let of = |number: usize, value: fn(&Saturation) -> f64| {
        median(figures.get(&(load.0, load.1, number))?.iter().map(value))
    };
    let named = |name: &str| servers.iter().position(|server| server.name == name);
    let floor = |name| named(name).and_then(|number| of(number, |one| one.per_second));
    for (number, server) in servers.iter().enumerate() {
        let per_second = of(number, |one| one.per_second);
        let percent = |value: Option<f64>| format!("{} %", figure(value.map(|v| v * 100.0), 0));
        table.row(vec![
            server.name.clone(),
            load.0.to_string(),
            load.1.to_string(),
            grouped(per_second),
            ratio(per_second, floor("floor-batch")),
            ratio(per_second, floor("floor-frame")),
            figure(of(number, |one| one.cpu_micros), 3),
            percent(of(number, |one| one.server_busy)),
            percent(of(number, |one| one.load_busy)),
            if wrong.contains(&(load.0, number)) { "failed" } else { "0" }.to_owned(),
        ]);
    }
}
