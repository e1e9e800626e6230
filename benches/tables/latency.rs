//! The latency of messages at a fixed rate.

use std::time::Duration;

use super::Bench;
use crate::load::{Arrival, Latency, Load};
use crate::report::{Table, figure, median, progress};
use crate::servers::Server;

/// Clients, which send in turn.
pub(super) const RECEIVERS: usize = 200;

/// Messages per second of all clients together, as in a lively chat.
pub(super) const PER_SECOND: u32 = 50;

impl Bench {
    pub(super) fn latency(&mut self) {
        let title = format!(
            "latency: µs from when a message is due until each of {RECEIVERS} has it; \
             {PER_SECOND} messages per second in all"
        );
        let mut table = Table::new(&title, 1, &["server", "p50", "p99", "max"]);
        let servers = self.servers();
        let mut latencies: Vec<Vec<Latency>> = vec![Vec::new(); servers.len()];
        for round in 0..self.rounds() {
            for (number, server) in servers.iter().enumerate() {
                progress(&format!("latency, {}: {round}", server.name));
                match self.measure(server) {
                    Ok(measured) => latencies[number].push(measured),
                    Err(why) => self.record_failure(server, "latency", &why, &mut table),
                }
            }
        }
        for (server, latencies) in servers.iter().zip(&latencies) {
            let of = |value: fn(&Latency) -> f64| figure(median(latencies.iter().map(value)), 0);
            table.row(vec![
                server.name.clone(),
                of(|one| one.p50),
                of(|one| one.p99),
                of(|one| one.max),
            ]);
        }
        table.print();
    }

    /// How long messages are sent.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_millis(if self.options.quick { 500 } else { 2_000 })
    }

    fn measure(&self, server: &Server) -> Result<Latency, String> {
        let process = server.start(self.cores)?;
        let mut load = Load::connect(&process.target, RECEIVERS, Arrival::InWaves)?;
        load.synchronize(&[])?;
        load.measure_latency(PER_SECOND, self.duration(), || Ok(()))
    }
}
