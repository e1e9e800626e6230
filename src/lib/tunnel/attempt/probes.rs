//! The schedule of queries to the metrics port, one at a time.

use std::net::SocketAddr;
use std::time::Duration;

/// Unanswered queries in a row, each with a timeout, after which the metrics port counts as dead.
const MAX_UNANSWERED: u32 = 3;

/// The next query, and the pending one. Times count from the start of the attempt.
#[derive(Debug)]
pub(super) struct Probes {
    address: Option<SocketAddr>,
    pending: bool,
    next: Duration,
    unanswered: u32,
}

impl Probes {
    /// A schedule in which nothing is due, because there is no address yet.
    pub(super) fn new(now: Duration) -> Self {
        Self { address: None, pending: false, next: now, unanswered: 0 }
    }

    /// The metrics port; `None` until cloudflared has printed it.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Sets the metrics port, and makes its first query due.
    pub(super) fn set_address(&mut self, address: SocketAddr, now: Duration) {
        self.address = Some(address);
        self.next = now;
    }

    /// Makes the next query due at once, or as soon as the pending one is answered.
    pub(super) fn make_due(&mut self, now: Duration) {
        self.next = now;
    }

    /// When the next query is due; `None` without an address, and while one is pending.
    pub(super) fn due(&self) -> Option<Duration> {
        (self.address.is_some() && !self.pending).then_some(self.next)
    }

    /// Begins a query if one is due, and returns the address to send it to.
    pub(super) fn start(&mut self, now: Duration, interval: Duration) -> Option<SocketAddr> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        self.pending = true;
        self.next = now + interval;
        self.address
    }

    /// Ends the pending query, with an answer or without.
    pub(super) fn finish(&mut self, answered: bool) {
        self.pending = false;
        self.unanswered = if answered { 0 } else { self.unanswered + 1 };
    }

    /// The address, once [`MAX_UNANSWERED`] queries in a row were not answered.
    pub(super) fn unresponsive(&self) -> Option<SocketAddr> {
        self.address.filter(|_| self.unanswered >= MAX_UNANSWERED)
    }

    /// Whether a query was begun and not finished.
    #[cfg(test)]
    pub(super) fn is_pending(&self) -> bool {
        self.pending
    }
}
