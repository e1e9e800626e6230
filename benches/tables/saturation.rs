//! How many messages per second.

use std::collections::BTreeMap;

use super::Bench;
use crate::load::{Load, Saturation};
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::Server;

/// Receivers, and messages that each of four senders has on their way.
const LOADS: &[(usize, &[usize])] =
    &[(50, &[8]), (200, &[1, 8, 32]), (1_000, &[8]), (10_000, &[8])];

/// Participants who come at a time.
pub(super) const WAVE: usize = 500;

/// What was measured, by receivers, outstanding messages, and server.
type Figures = BTreeMap<(usize, usize, usize), Vec<Saturation>>;

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
        let servers = self.servers();
        let mut figures = Figures::new();
        let sizes: Vec<usize> = LOADS.iter().map(|(size, _)| *size).collect();
        let sizes = self.sizes(&sizes, &mut table);
        for (receivers, loads) in LOADS.iter().filter(|(size, _)| sizes.contains(size)) {
            for round in 0..self.rounds() {
                for (number, server) in servers.iter().enumerate() {
                    progress(&format!("saturation, {receivers}, round {round}: {}", server.name));
                    let window = self.window(*receivers);
                    let measured = self.saturated(server, *receivers, loads, window);
                    match measured {
                        Ok(measured) => {
                            for (load, measured) in loads.iter().zip(measured) {
                                let key = (*receivers, *load, number);
                                figures.entry(key).or_default().push(measured);
                            }
                        }
                        Err(why) => {
                            let what = format!("{receivers} receivers");
                            self.failed(server, &what, &why, &mut table);
                        }
                    }
                }
            }
            for load in *loads {
                rows(&mut table, &figures, (*receivers, *load), &servers);
            }
        }
        table.print();
    }

    /// Starts a server, and loads it in each of these ways.
    pub(super) fn saturated(
        &self,
        server: &Server,
        receivers: usize,
        loads: &[usize],
        window: crate::load::Window,
    ) -> Result<Vec<Saturation>, String> {
        let mut running = server.start(self.cores)?;
        let mut load = Load::connect(&running.target, receivers, WAVE)?;
        load.settle(&[])?;
        let pid = running.pid();
        let measured =
            loads.iter().map(|load_of| load.saturate(*load_of, window, pid)).collect();
        drop(load);
        if server.is_room() {
            running.terminate()?;
            running.ended()?;
        }
        measured
    }
}

fn rows(table: &mut Table, figures: &Figures, load: (usize, usize), servers: &[Server]) {
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
            per_second.map_or("failed", |_| "0").to_owned(),
        ]);
    }
}
