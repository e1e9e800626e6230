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
        let mut table = Table::new(title, 1, &["server", "participants", "ms"]);
        let servers = self.servers();
        for size in self.sizes(SIZES, &mut table) {
            let mut times: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
            for round in 0..self.rounds() {
                for (number, server) in servers.iter().enumerate() {
                    progress(&format!("crowd, {size}, {}: {round}", server.name));
                    match self.join_all(server, size) {
                        Ok(millis) => times[number].push(millis),
                        Err(why) => self.record_failure(server, "crowd", &why, &mut table),
                    }
                }
            }
            for (server, times) in servers.iter().zip(times) {
                let row = vec![server.name.clone(), size.to_string(), figure(median(times), 0)];
                table.row(row);
            }
        }
        table.note(
            "plain has tokio's backlog of 128; the kernel retries the others after a second".into(),
        );
        table.print();
    }

    fn join_all(&self, server: &Server, size: usize) -> Result<f64, String> {
        let process = server.start(self.cores)?;
        let started = Instant::now();
        Load::connect(&process.target, size, Arrival::AtOnce)?;
        Ok(started.elapsed().as_secs_f64() * 1000.0)
    }
}
