//! Resident memory for each participant.

use std::time::{Duration, Instant};

use super::{Bench, MAX_PARTICIPANTS};
use crate::load::{Arrival, Load, PollingClients};
use crate::machine;
use crate::report::{Table, figure, grouped, progress};
use crate::servers::{Room, Server, ServerProcess};

/// Numbers of participants.
const SIZES: &[usize] = &[200, 1_000, MAX_PARTICIPANTS];

/// A server that uses less than a tenth of this period is idle.
const IDLE_PERIOD: Duration = Duration::from_millis(100);

/// For a server to become idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

const COLUMNS: &[&str] = &["server", "by", "participants", "RSS KiB", "KiB each", "joined after s"];

impl Bench {
    pub(super) fn memory(&mut self) {
        let title = "memory: resident KiB of a server with so many idle participants";
        let mut table = Table::new(title, 2, COLUMNS);
        let sizes = self.sizes(SIZES, &mut table);
        for server in self.servers() {
            progress(&format!("memory, {}", server.name));
            let empty =
                server.start(self.cores).and_then(|process| machine::resident_kib(process.pid()));
            match empty {
                Ok(empty) => {
                    row(&mut table, (&server.name, "–", 0), (empty, empty, None));
                    self.filled(&server, empty, &sizes, &mut table);
                }
                Err(why) => self.record_failure(&server, "memory", &why, &mut table),
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
                Err(why) => self.record_failure(server, "memory", &why, table),
            }
        }
        if !server.is_chattrace() {
            return;
        }
        for size in self.sizes(SIZES, table) {
            match self.with_polls(size) {
                Ok((kib, took)) => {
                    row(table, (&server.name, "long poll", size), (kib, empty, Some(took)));
                }
                Err(why) => self.record_failure(server, "memory", &why, table),
            }
        }
    }

    /// With participants over WebSockets. Figures that the table of saturation has taken before its
    /// load are used again, because a room of ten thousand takes seconds to fill.
    fn with_sockets(&mut self, server: &Server, size: usize) -> Result<(u64, Option<f64>), String> {
        if let Some((kib, took)) = self.resident.get(&(server.name.clone(), size)) {
            return Ok((*kib, Some(*took)));
        }
        let process = server.start(self.cores)?;
        let started = Instant::now();
        let mut load = Load::connect(&process.target, size, Arrival::InWaves)?;
        let took = started.elapsed().as_secs_f64();
        load.synchronize(&[])?;
        Ok((machine::resident_kib(process.pid())?, Some(took)))
    }

    /// With participants that hold a poll.
    fn with_polls(&mut self, size: usize) -> Result<(u64, f64), String> {
        progress(&format!("memory, {size} polls"));
        let process =
            Server::room("chattrace", Room::unlimited(self.serve.clone())).start(self.cores)?;
        let started = Instant::now();
        let mut clients = PollingClients::join(&process.target, size)?;
        let took = started.elapsed().as_secs_f64();
        clients.poll()?;
        wait_idle(&process)?;
        let kib = machine::resident_kib(process.pid())?;
        let held = clients.held();
        if held < size {
            return Err(format!("of {size} polls, {held} were held; joining took {took:.1} s"));
        }
        Ok((kib, took))
    }
}

/// Waits until a server is idle.
fn wait_idle(process: &ServerProcess) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < IDLE_TIMEOUT {
        let before = machine::cpu_time(process.pid())?;
        std::thread::sleep(IDLE_PERIOD);
        if machine::cpu_time(process.pid())? - before < IDLE_PERIOD / 10 {
            return Ok(());
        }
    }
    Err("it does not become idle".to_owned())
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
