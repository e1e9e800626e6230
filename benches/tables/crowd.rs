//! The time until all of many concurrent joins are complete.

use std::time::Instant;

use super::Bench;
use crate::load::{Arrival, Load};
use crate::report::{Table, figure, median, progress};
use crate::servers::Server;

/// Clients that arrive at once.
const SIZES: &[usize] = &[200, 1_000];

impl Bench {
    pub(super) fn crowd(&mut self) {
        let title = "crowd: ms until all clients that arrive at once have joined: have their welcome, or \
                     from a yardstick the response to their handshake";
        let mut table = Table::new(title, 1, &["server", "participants", "ms", "CPU ms"]);
        let servers = self.servers();
        for size in self.sizes(SIZES, &mut table) {
            let mut times: Vec<Vec<(f64, f64)>> = vec![Vec::new(); servers.len()];
            for round in 0..self.rounds() {
                for (number, server) in servers.iter().enumerate() {
                    progress(&format!("crowd, {size}, {}: {round}", server.name));
                    match self.join_all(server, size) {
                        Ok(measured) => times[number].push(measured),
                        Err(why) => self.record_failure(server, "crowd", &why, &mut table),
                    }
                }
            }
            for (server, times) in servers.iter().zip(times) {
                let (millis, cpu): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
                table.row(vec![
                    server.name.clone(),
                    size.to_string(),
                    figure(median(millis), 0),
                    figure(median(cpu), 0),
                ]);
            }
        }
        table.note(
            "plain has tokio's backlog of 128; the kernel retries the others after a second".into(),
        );
        table.print();
    }

    /// Milliseconds until all have joined, and of processor time on the side of the server: the host of a
    /// sealed room is a process of its own.
    fn join_all(&self, server: &Server, size: usize) -> Result<(f64, f64), String> {
        let process = server.start(self.cores)?;
        let before = process.cpu_times()?;
        let started = Instant::now();
        Load::connect(&process.target, size, Arrival::AtOnce)?;
        let millis = started.elapsed().as_secs_f64() * 1000.0;
        let after = process.cpu_times()?;
        let cpu = after.host + after.room - before.host - before.room;
        Ok((millis, cpu.as_secs_f64() * 1000.0))
    }
}
