//! Latency at a fixed rate that any server can keep. Each message is sent when it is due, even
//! if earlier ones are late, and its latency counts from then: an open loop, without coordinated
//! omission.

use std::time::{Duration, Instant};

use super::event_loop::{Load, STALL_TIMEOUT};

/// Percentiles of the latency, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Load {
    /// Sends messages at this rate, from all clients in turn, and calls `on_turn` in every turn of
    /// the loop. The loop never sleeps: a timer would be measured instead of the server.
    ///
    /// # Errors
    /// With the first message that a client received wrongly or did not receive.
    pub(crate) fn measure_latency(
        &mut self,
        per_second: u32,
        duration: Duration,
        mut on_turn: impl FnMut() -> Result<(), String>,
    ) -> Result<Latency, String> {
        let interval = 1_000_000_000 / u64::from(per_second);
        let count = duration.as_nanos() / u128::from(interval);
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        let start = self.now() + interval;
        let clients = self.clients.len() as u64;
        self.log.latencies = Some(Vec::new());
        let mut next = 0;
        while next < count {
            let due = start + next * interval;
            if self.now() >= due {
                let sender = usize::try_from(next % clients).unwrap_or_default();
                self.log.expect(sender, due);
                self.queue_message(sender);
                next += 1;
            }
            self.flush()?;
            self.poll_events(0)?;
            on_turn()?;
        }
        self.wait_complete(&mut on_turn)?;
        let latencies = self.log.latencies.take().unwrap_or_default();
        Latency::of(latencies).ok_or_else(|| "no client received anything".to_owned())
    }

    /// Has every client send a message, so many times, each time until all have received it. The
    /// first client sends none: it has sent the marks, and may have used up its burst.
    ///
    /// # Errors
    /// As for [`Self::measure_latency`].
    pub(crate) fn send_rounds(&mut self, times: usize) -> Result<(), String> {
        for _ in 0..times {
            for sender in 1..self.clients.len() {
                self.queue_message(sender);
            }
            self.drain()?;
        }
        Ok(())
    }

    /// Continues without sleeping until all clients have received everything.
    fn wait_complete(
        &mut self,
        on_turn: &mut impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        let started = Instant::now();
        while !self.is_complete() && started.elapsed() < STALL_TIMEOUT {
            self.flush()?;
            self.poll_events(0)?;
            on_turn()?;
        }
        self.drain()
    }
}

impl Latency {
    /// Of these times in nanoseconds; `None` if there are none.
    pub(crate) fn of(mut nanos: Vec<u64>) -> Option<Self> {
        nanos.sort_unstable();
        let at = |part: f64| {
            let index = (nanos.len() as f64 * part) as usize;
            nanos.get(index.min(nanos.len().saturating_sub(1))).map(|nanos| *nanos as f64 / 1000.0)
        };
        Some(Self { p50: at(0.5)?, p99: at(0.99)?, max: at(1.0)? })
    }
}
