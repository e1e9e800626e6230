//! The cost of a change of the circle in a sealed room: a new key, and a letter to each person.

use std::time::Duration;

use super::Bench;
use crate::load::{Arrival, Load};
use crate::report::{Table, figure, grouped, median, progress};
use crate::servers::{Mode, Server};

/// People who are in the room at the end, and how many of them come one by one.
const SIZES: &[(usize, usize)] = &[(100, 10), (1_000, 2)];

/// After a thousand have come, the room takes no change for a while: this fills its allowance again.
const PAUSE: Duration = Duration::from_secs(21);

/// What one change cost.
struct Change {
    host_millis: f64,
    room_millis: f64,
    bytes: f64,
    each: f64,
}

impl Bench {
    pub(super) fn circle(&mut self) {
        let title =
            "circle: one person joins a sealed room, and everybody in it is told the new key";
        let columns = &["people", "host CPU ms", "serve CPU ms", "bytes to all", "bytes to each"];
        let mut table = Table::new(title, 0, columns);
        let sizes: Vec<usize> = SIZES.iter().map(|(size, _)| *size).collect();
        let sizes = self.sizes(&sizes, &mut table);
        for (size, changes) in SIZES.iter().filter(|(size, _)| sizes.contains(size)) {
            let server = self.session("chattrace, sealed", Mode::Sealed, *size);
            let mut measured = Vec::new();
            for round in 0..self.rounds() {
                progress(&format!("circle, {size}: {round}"));
                match self.measure_changes(&server, *size, *changes) {
                    Ok(change) => measured.push(change),
                    Err(why) => self.record_failure(&server, "circle", &why, &mut table),
                }
            }
            let of = |value: fn(&Change) -> f64| median(measured.iter().map(value));
            table.row(vec![
                size.to_string(),
                figure(of(|change| change.host_millis), 2),
                figure(of(|change| change.room_millis), 2),
                grouped(of(|change| change.bytes)),
                grouped(of(|change| change.each)),
            ]);
        }
        table
            .note("CPU includes the handshake, the request and the welcome of the newcomer".into());
        table.print();
    }

    fn measure_changes(
        &self,
        server: &Server,
        size: usize,
        changes: usize,
    ) -> Result<Change, String> {
        let process = server.start(self.cores)?;
        let mut load = Load::connect(&process.target, size - changes, Arrival::InWaves)?;
        load.wait_quiet()?;
        if size > 500 {
            std::thread::sleep(PAUSE);
        }
        let (before, cpu) = (load.keys(), process.cpu_times()?);
        let mut newcomers = Vec::new();
        for change in 1..=changes {
            let target = process.target.clone();
            let names = vec![format!("N{change}")];
            newcomers.push(Load::connect_as(&target, names, Arrival::AtOnce)?);
            load.wait_keys(before.0 + (change * (size - changes)) as u64)?;
        }
        let (after, cpu_after) = (load.keys(), process.cpu_times()?);
        let per_change = |duration: Duration| duration.as_secs_f64() * 1000.0 / changes as f64;
        let lines = (after.0 - before.0) as f64;
        let each = (after.1 - before.1) as f64 / lines;
        Ok(Change {
            host_millis: per_change(cpu_after.host - cpu.host),
            room_millis: per_change(cpu_after.room - cpu.room),
            bytes: each * size as f64,
            each,
        })
    }
}
