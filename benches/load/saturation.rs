//! Throughput at saturation: a few senders keep a fixed number of messages outstanding. When all
//! clients have received one, its sender sends the next.

use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::event_loop::{Load, STALL_TIMEOUT};
use crate::machine;

/// Clients that also send.
const SENDERS: usize = 4;

/// The phases of a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phases {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// The figures of one measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saturation {
    /// Deliveries to all clients together.
    pub(crate) per_second: f64,
    /// Bytes of a delivery: a line, without the head of its frame.
    pub(crate) bytes: f64,
    /// Processor time of the server for one delivery, in microseconds.
    pub(crate) cpu_micros: f64,
    /// The share of its core that the server used.
    pub(crate) server_busy: f64,
    /// The share of its core that this program used.
    pub(crate) load_busy: f64,
}

/// All clocks and counters at one instant.
struct Snapshot {
    wall: Instant,
    server: Duration,
    own: Duration,
    deliveries: u64,
    /// Of the log, which has each delivery once.
    bytes: u64,
    lines: u64,
}

impl Load {
    /// Keeps `outstanding` messages of each sender in flight, and measures.
    ///
    /// # Errors
    /// With the first message that a client received wrongly or did not receive.
    pub(crate) fn saturate(
        &mut self,
        outstanding: usize,
        phases: Phases,
        server: Pid,
    ) -> Result<Saturation, String> {
        self.saturate_beside(outstanding, phases, server, || Ok(()))
    }

    /// The same, and calls `on_turn` in every turn of the loop.
    ///
    /// # Errors
    /// As for [`Self::saturate`].
    pub(crate) fn saturate_beside(
        &mut self,
        outstanding: usize,
        phases: Phases,
        server: Pid,
        mut on_turn: impl FnMut() -> Result<(), String>,
    ) -> Result<Saturation, String> {
        self.log.complete.clear();
        for sender in 0..SENDERS.min(self.clients.len()) {
            for _ in 0..outstanding {
                self.queue_message(sender);
            }
        }
        let started = Instant::now();
        self.run_until(started + phases.warm_up, &mut on_turn)?;
        let before = self.snapshot(server)?;
        self.run_until(started + phases.warm_up + phases.measured, &mut on_turn)?;
        let after = self.snapshot(server)?;
        self.drain()?;
        let seconds = (after.wall - before.wall).as_secs_f64();
        let deliveries = (after.deliveries - before.deliveries) as f64;
        let server = (after.server - before.server).as_secs_f64();
        Ok(Saturation {
            per_second: deliveries / seconds,
            bytes: (after.bytes - before.bytes) as f64 / (after.lines - before.lines) as f64,
            cpu_micros: server * 1e6 / deliveries,
            server_busy: server / seconds,
            load_busy: (after.own - before.own).as_secs_f64() / seconds,
        })
    }

    /// Sends a new message for each one that all clients have received.
    fn run_until(
        &mut self,
        deadline: Instant,
        on_turn: &mut impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        let (mut last, mut before) = (Instant::now(), self.log.deliveries);
        loop {
            while let Some(sender) = self.log.complete.pop() {
                self.queue_message(sender);
            }
            self.flush()?;
            self.poll_events(100)?;
            on_turn()?;
            let now = Instant::now();
            if now >= deadline {
                return Ok(());
            }
            if self.log.deliveries > before {
                (last, before) = (now, self.log.deliveries);
            } else if now - last > STALL_TIMEOUT {
                return Err(self.missing());
            }
        }
    }

    fn snapshot(&self, server: Pid) -> Result<Snapshot, String> {
        Ok(Snapshot {
            wall: Instant::now(),
            server: machine::cpu_time(server)?,
            own: machine::cpu_time(Pid::this())?,
            deliveries: self.log.deliveries,
            bytes: self.log.parsed,
            lines: self.log.appended,
        })
    }
}
