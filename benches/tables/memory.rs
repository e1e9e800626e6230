//! Memory for each participant.

use std::time::{Duration, Instant};

use super::{Bench, MANY};
use crate::load::{Coming, Load, Polls};
use crate::machine;
use crate::report::{Table, figure, grouped, progress};
use crate::servers::{Room, Running, Server};

/// Participants.
const SIZES: &[usize] = &[200, 1_000, MANY];

/// A server that has used less than a tenth of this is idle.
const LOOK: Duration = Duration::from_millis(100);

/// Until a server is idle.
const PATIENCE: Duration = Duration::from_secs(15);

const COLUMNS: &[&str] =
    &["server", "by", "participants", "RSS KiB", "KiB each", "all are in after s"];

impl Bench {
    /// Shows it.
    pub(super) fn memory(&mut self) {
        let title = "memory: resident KiB of a server with so many idle participants";
        let mut table = Table::new(title, 2, COLUMNS);
        let sizes = self.sizes(SIZES, &mut table);
        for server in self.servers() {
            progress(&format!("memory, {}", server.name));
            let empty =
                server.start(self.cores).and_then(|running| machine::resident_kib(running.pid()));
            match empty {
                Ok(empty) => {
                    row(&mut table, (&server.name, "–", 0), (empty, empty, None));
                    self.filled(&server, empty, &sizes, &mut table);
                }
                Err(why) => self.failed(&server, "memory", &why, &mut table),
            }
        }
        table.print();
    }

    fn filled(&mut self, server: &Server, empty: u64, sizes: &[usize], table: &mut Table) {
        for size in sizes {
            match self.with_sockets(server, *size) {
                Ok((kib, took)) => {
                    row(table, (&server.name, "WebSocket", *size), (kib, empty, took));
                }
                Err(why) => self.failed(server, "memory", &why, table),
            }
        }
        if !server.is_room() {
            return;
        }
        for size in self.sizes(SIZES, table) {
            match self.with_polls(size) {
                Ok((kib, took)) => {
                    row(table, (&server.name, "long poll", size), (kib, empty, Some(took)));
                }
                Err(why) => self.failed(server, "memory", &why, table),
            }
        }
    }

    /// With participants over WebSockets. Whoever was seen by the table of saturation, before its
    /// load, is not asked again: a room of ten thousand takes seconds to fill, which add up.
    fn with_sockets(&mut self, server: &Server, size: usize) -> Result<(u64, Option<f64>), String> {
        if let Some((kib, took)) = self.resident.get(&(server.name.clone(), size)) {
            return Ok((*kib, Some(*took)));
        }
        let running = server.start(self.cores)?;
        let started = Instant::now();
        let mut load = Load::connect(&running.target, size, Coming::InTurn)?;
        let took = started.elapsed().as_secs_f64();
        load.settle(&[])?;
        Ok((machine::resident_kib(running.pid())?, Some(took)))
    }

    /// With participants who hold a poll.
    fn with_polls(&mut self, size: usize) -> Result<(u64, f64), String> {
        progress(&format!("memory, {size} polls"));
        let running = Server::room("chattrace", Room::of(self.serve.clone())).start(self.cores)?;
        let started = Instant::now();
        let mut polls = Polls::join(&running.target, size)?;
        let took = started.elapsed().as_secs_f64();
        polls.hold()?;
        idle(&running)?;
        let kib = machine::resident_kib(running.pid())?;
        let held = polls.held();
        if held < size {
            return Err(format!("of {size} polls, {held} were held; joining took {took:.1} s"));
        }
        Ok((kib, took))
    }
}

/// Returns when a server has nothing to do.
fn idle(running: &Running) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let before = machine::cpu_time(running.pid())?;
        std::thread::sleep(LOOK);
        if machine::cpu_time(running.pid())? - before < LOOK / 10 {
            return Ok(());
        }
    }
    Err("it is never idle".to_owned())
}

fn row(
    table: &mut Table,
    (name, by, size): (&str, &str, usize),
    (kib, empty, took): (u64, u64, Option<f64>),
) {
    let each = (size > 0).then(|| (kib as f64 - empty as f64).max(0.0) / size as f64);
    table.row(vec![
        name.to_owned(),
        by.to_owned(),
        size.to_string(),
        grouped(Some(kib as f64)),
        figure(each, 1),
        figure(took, 1),
    ]);
}
