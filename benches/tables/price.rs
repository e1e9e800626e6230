//! What each protection costs: the same load with and without it.

use std::ffi::OsString;

use super::Bench;
use crate::load::Saturation;
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{Pace, Room, Server};

/// Receivers.
const SIZES: &[usize] = &[200, 1_000];

/// Messages of each sender on their way.
const OUTSTANDING: usize = 8;

const COLUMNS: &[&str] = &[
    "chattrace-serve",
    "receivers",
    "deliveries/s",
    "of as shipped",
    "CPU µs each",
    "of as shipped",
];

impl Bench {
    /// Shows it.
    pub(super) fn price(&mut self) {
        let title = "price: the room with and without what protects it, at four senders with 8 \
                     messages each on their way";
        let mut table = Table::new(title, 1, COLUMNS);
        let rooms = self.rooms(&mut table);
        for size in self.sizes(SIZES, &mut table) {
            let mut figures: Vec<Vec<Saturation>> = vec![Vec::new(); rooms.len()];
            for round in 0..self.rounds() {
                for (number, room) in rooms.iter().enumerate() {
                    progress(&format!("price, {size}, {}: {round}", room.name));
                    match self.saturated(room, size, &[OUTSTANDING]) {
                        Ok(measured) => figures[number].extend(measured),
                        Err(why) => self.failed(room, "price", &why, &mut table),
                    }
                }
            }
            let of = |number: usize, value: fn(&Saturation) -> f64| {
                median(figures[number].iter().map(value))
            };
            for (number, room) in rooms.iter().enumerate() {
                let per_second = of(number, |one| one.per_second);
                let cpu = of(number, |one| one.cpu_micros);
                table.row(vec![
                    room.name.clone(),
                    size.to_string(),
                    grouped(per_second),
                    ratio(per_second, of(0, |one| one.per_second)),
                    figure(cpu, 3),
                    ratio(cpu, of(0, |one| one.cpu_micros)),
                ]);
            }
        }
        table.print();
    }

    /// As shipped, and with one thing changed.
    fn rooms(&self, table: &mut Table) -> Vec<Server> {
        let shipped = Room::of(self.serve.clone());
        let limited = Room { pace: Pace::WIDEST, ..shipped.clone() };
        let mut rooms = vec![
            Server::room("as shipped, no rate limit", shipped.clone()),
            Server::room("with a rate limit", limited),
        ];
        let older = self.beside("examples/older-kernel");
        if older.is_file() {
            let without = |features: &[&str]| {
                let words = [older.as_os_str()].into_iter().map(OsString::from);
                let features = features.iter().map(OsString::from);
                let through = words.chain(features).chain(["--".into()]).collect();
                Room { through, ..shipped.clone() }
            };
            let confinement = without(&["seccomp", "landlock"]);
            rooms.push(Server::room("without seccomp, Landlock", confinement));
            rooms.push(Server::room("without locked memory", without(&["mlock"])));
        } else {
            table.note("without confinement: cargo build --release --examples".to_owned());
        }
        let others = self.options.other.iter();
        rooms.extend(others.map(|(name, path)| Server::room(name, Room::of(path.clone()))));
        rooms
    }
}
