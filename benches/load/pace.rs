//! A pace that any server keeps, to see how long a message takes: each is sent when it is due,
//! whatever became of those before, and its delay counts from then (an open loop, without
//! coordinated omission).

use std::time::{Duration, Instant};

use super::{Load, STALLED};

/// Delays in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delays {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Load {
    /// Says so many messages per second, by all participants in turn, and does `beside` at every
    /// look. Never sleeps: what waits for a timer measures the timer.
    ///
    /// # Errors
    /// With the first thing that somebody received and should not have, or did not and should have.
    pub(crate) fn pace(
        &mut self,
        per_second: u32,
        lasts: Duration,
        mut beside: impl FnMut() -> Result<(), String>,
    ) -> Result<Delays, String> {
        let interval = 1_000_000_000 / u64::from(per_second);
        let count = lasts.as_nanos() / u128::from(interval);
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        let start = self.now() + interval;
        let receivers = self.receivers.len() as u64;
        self.order.delays = Some(Vec::new());
        let mut next = 0;
        while next < count {
            let due = start + next * interval;
            if self.now() >= due {
                let sender = usize::try_from(next % receivers).unwrap_or_default();
                self.order.expect(sender, due);
                self.say(sender);
                next += 1;
            }
            self.flush()?;
            self.pump(0)?;
            beside()?;
        }
        self.settle_down(&mut beside)?;
        let delays = self.order.delays.take().unwrap_or_default();
        Delays::of(delays).ok_or_else(|| "nobody received anything".to_owned())
    }

    /// Lets everybody say something, so many times, each time until all have it; but for the first,
    /// who has called them all, and whose burst may be over.
    ///
    /// # Errors
    /// As for [`Self::pace`].
    pub(crate) fn rounds(&mut self, times: usize) -> Result<(), String> {
        for _ in 0..times {
            for sender in 1..self.receivers.len() {
                self.say(sender);
            }
            self.drain()?;
        }
        Ok(())
    }

    /// Goes on until everybody has everything, without a sleep in the delays of the last ones.
    fn settle_down(
        &mut self,
        beside: &mut impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        let started = Instant::now();
        while !self.is_complete() && started.elapsed() < STALLED {
            self.flush()?;
            self.pump(0)?;
            beside()?;
        }
        self.drain()
    }
}

impl Delays {
    fn of(mut nanos: Vec<u64>) -> Option<Self> {
        nanos.sort_unstable();
        let at = |part: f64| {
            let index = (nanos.len() as f64 * part) as usize;
            nanos.get(index.min(nanos.len().saturating_sub(1))).map(|nanos| *nanos as f64 / 1000.0)
        };
        Some(Self { p50: at(0.5)?, p99: at(0.99)?, max: at(1.0)? })
    }
}
