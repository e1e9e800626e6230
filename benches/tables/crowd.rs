//! How long it takes until everybody is in.

use std::time::Instant;

use super::Bench;
use crate::load::{Coming, Load};
use crate::report::{Table, figure, median, progress};
use crate::servers::Server;

/// Who comes at once.
const SIZES: &[usize] = &[200, 1_000];

impl Bench {
    /// Shows it.
    pub(super) fn crowd(&mut self) {
        let title = "crowd: ms until all who come at once are in: have their welcome, or at a \
                     yardstick the answer to their handshake";
        let mut table = Table::new(title, 1, &["server", "participants", "ms"]);
        let servers = self.servers();
        for size in self.sizes(SIZES, &mut table) {
            let mut times: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
            for round in 0..self.rounds() {
                for (number, server) in servers.iter().enumerate() {
                    progress(&format!("crowd, {size}, {}: {round}", server.name));
                    match self.let_in(server, size) {
                        Ok(millis) => times[number].push(millis),
                        Err(why) => self.failed(server, "crowd", &why, &mut table),
                    }
                }
            }
            for (server, times) in servers.iter().zip(times) {
                let row = vec![server.name.clone(), size.to_string(), figure(median(times), 0)];
                table.row(row);
            }
        }
        table.note(
            "plain lets 128 wait, as tokio does; the others come again a second later".into(),
        );
        table.print();
    }

    fn let_in(&self, server: &Server, size: usize) -> Result<f64, String> {
        let running = server.start(self.cores)?;
        let started = Instant::now();
        Load::connect(&running.target, size, Coming::AtOnce)?;
        Ok(started.elapsed().as_secs_f64() * 1000.0)
    }
}
