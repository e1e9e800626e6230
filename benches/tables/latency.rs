//! How long a message takes.

use std::time::Duration;

use super::Bench;
use crate::load::{Coming, Delays, Load};
use crate::report::{Table, figure, median, progress};
use crate::servers::Server;

/// Participants; all of them speak in turn.
pub(super) const RECEIVERS: usize = 200;

/// Messages per second of all together: a lively evening.
pub(super) const PER_SECOND: u32 = 50;

impl Bench {
    /// Shows it.
    pub(super) fn latency(&mut self) {
        let title = format!(
            "latency: µs from when a message is due until each of {RECEIVERS} has it; \
             {PER_SECOND} messages per second in all"
        );
        let mut table = Table::new(&title, 1, &["server", "p50", "p99", "max"]);
        let servers = self.servers();
        let mut delays: Vec<Vec<Delays>> = vec![Vec::new(); servers.len()];
        for round in 0..self.rounds() {
            for (number, server) in servers.iter().enumerate() {
                progress(&format!("latency, {}: {round}", server.name));
                match self.paced(server) {
                    Ok(measured) => delays[number].push(measured),
                    Err(why) => self.failed(server, "latency", &why, &mut table),
                }
            }
        }
        for (server, delays) in servers.iter().zip(&delays) {
            let of = |value: fn(&Delays) -> f64| figure(median(delays.iter().map(value)), 0);
            table.row(vec![
                server.name.clone(),
                of(|delays| delays.p50),
                of(|delays| delays.p99),
                of(|delays| delays.max),
            ]);
        }
        table.print();
    }

    /// How long the load talks.
    pub(super) fn talk(&self) -> Duration {
        Duration::from_millis(if self.options.quick { 500 } else { 2_000 })
    }

    fn paced(&self, server: &Server) -> Result<Delays, String> {
        let running = server.start(self.cores)?;
        let mut load = Load::connect(&running.target, RECEIVERS, Coming::InTurn)?;
        load.settle(&[])?;
        load.pace(PER_SECOND, self.talk(), || Ok(()))
    }
}
