//! As much as a server carries: a few senders, each with so many messages on their way. A message is
//! over when every receiver has it; then its sender says the next.

use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::{Load, STALLED};
use crate::machine;

/// Participants who also send.
const SENDERS: usize = 4;

/// How long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Before it counts.
    pub(crate) warm: Duration,
    /// While it counts.
    pub(crate) counted: Duration,
}

/// What was carried in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saturation {
    /// Messages received, by all receivers, per second.
    pub(crate) per_second: f64,
    /// Microseconds of the server's processor time for each.
    pub(crate) cpu_micros: f64,
    /// The share of its core that the server used.
    pub(crate) server_busy: f64,
    /// The share of its core that this load used.
    pub(crate) load_busy: f64,
}

/// Where all clocks stand.
struct Clocks {
    wall: Instant,
    server: Duration,
    own: Duration,
    deliveries: u64,
}

impl Load {
    /// Keeps `outstanding` messages of each sender on their way.
    ///
    /// # Errors
    /// With the first thing that somebody received and should not have, or did not and should have.
    pub(crate) fn saturate(
        &mut self,
        outstanding: usize,
        window: Window,
        server: Pid,
    ) -> Result<Saturation, String> {
        self.order.done.clear();
        for sender in 0..SENDERS.min(self.receivers.len()) {
            for _ in 0..outstanding {
                self.say(sender);
            }
        }
        let started = Instant::now();
        self.carry(started + window.warm)?;
        let before = self.clocks(server)?;
        self.carry(started + window.warm + window.counted)?;
        let after = self.clocks(server)?;
        self.drain()?;
        let seconds = (after.wall - before.wall).as_secs_f64();
        let deliveries = (after.deliveries - before.deliveries) as f64;
        let server = (after.server - before.server).as_secs_f64();
        Ok(Saturation {
            per_second: deliveries / seconds,
            cpu_micros: server * 1e6 / deliveries,
            server_busy: server / seconds,
            load_busy: (after.own - before.own).as_secs_f64() / seconds,
        })
    }

    /// Sends the next message for each that is over, until then.
    fn carry(&mut self, end: Instant) -> Result<(), String> {
        let (mut last, mut before) = (Instant::now(), self.order.deliveries);
        loop {
            while let Some(sender) = self.order.done.pop() {
                self.say(sender);
            }
            self.flush()?;
            self.pump(100)?;
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            if self.order.deliveries > before {
                (last, before) = (now, self.order.deliveries);
            } else if now - last > STALLED {
                return Err(self.missing());
            }
        }
    }

    fn clocks(&self, server: Pid) -> Result<Clocks, String> {
        Ok(Clocks {
            wall: Instant::now(),
            server: machine::cpu_time(server)?,
            own: machine::cpu_time(Pid::this())?,
            deliveries: self.order.deliveries,
        })
    }
}
