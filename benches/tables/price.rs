//! The cost of each protection: the same load with and without it.

use std::ffi::OsString;

use super::Bench;
use crate::load::Saturation;
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{RateLimit, Room, Server};

/// Numbers of receivers.
const SIZES: &[usize] = &[200, 1_000];

/// Outstanding messages of each sender.
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
    pub(super) fn price(&mut self) {
        let title = "price: the room with and without each protection, with four senders that have 8 \
                     messages each outstanding";
        let mut table = Table::new(title, 1, COLUMNS);
        let rooms = self.rooms(&mut table);
        for size in self.sizes(SIZES, &mut table) {
            let mut figures: Vec<Vec<Saturation>> = vec![Vec::new(); rooms.len()];
            for round in 0..self.rounds() {
                for (number, room) in rooms.iter().enumerate() {
                    progress(&format!("price, {size}, {}: {round}", room.name));
                    match self.saturated(room, size, &[OUTSTANDING]) {
                        Ok(measured) => figures[number].extend(measured),
                        Err(why) => self.record_failure(room, "price", &why, &mut table),
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

    /// The room as shipped, and with one setting changed each.
    fn rooms(&self, table: &mut Table) -> Vec<Server> {
        let shipped = Room::unlimited(self.serve.clone());
        let limited = Room { rate_limit: RateLimit::HIGHEST, ..shipped.clone() };
        let mut rooms = vec![
            Server::room("as shipped, no rate limit", shipped.clone()),
            Server::room("with a rate limit", limited),
        ];
        let older_kernel = self.sibling("examples/older-kernel");
        if older_kernel.is_file() {
            let without = |features: &[&str]| {
                let words = [older_kernel.as_os_str()].into_iter().map(OsString::from);
                let features = features.iter().map(OsString::from);
                let wrapper = words.chain(features).chain(["--".into()]).collect();
                Room { wrapper, ..shipped.clone() }
            };
            let confinement = without(&["seccomp", "landlock"]);
            rooms.push(Server::room("without seccomp, Landlock", confinement));
            rooms.push(Server::room("without locked memory", without(&["mlock"])));
        } else {
            table.note("without confinement: cargo build --release --examples".to_owned());
        }
        let others = self.options.other.iter();
        rooms.extend(others.map(|(name, path)| Server::room(name, Room::unlimited(path.clone()))));
        rooms
    }
}
