//! When the metrics port is queried. One query at a time.

use std::net::SocketAddr;
use std::time::Duration;

/// Unanswered queries in a row, each with a timeout, after which the metrics port counts as dead.
const MAX_UNANSWERED: u32 = 3;

#[derive(Debug)]
pub(super) struct Probes {
    /// The metrics port, once cloudflared has printed it.
    address: Option<SocketAddr>,
    pending: bool,
    next: Duration,
    unanswered: u32,
}

impl Probes {
    pub(super) fn new(now: Duration) -> Self {
        Self { address: None, pending: false, next: now, unanswered: 0 }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    pub(super) fn set_address(&mut self, address: SocketAddr, now: Duration) {
        self.address = Some(address);
        self.next = now;
    }

    /// Lets the next query start at once, or as soon as the pending one is answered.
    pub(super) fn hurry(&mut self, now: Duration) {
        self.next = now;
    }

    /// When the next query is due; `None` without an address, and while one is pending.
    pub(super) fn due(&self) -> Option<Duration> {
        (self.address.is_some() && !self.pending).then_some(self.next)
    }

    /// Begins a query if one is due: the address to send it to.
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

    /// The address, once it has left [`MAX_UNANSWERED`] queries in a row unanswered.
    pub(super) fn dead(&self) -> Option<SocketAddr> {
        self.address.filter(|_| self.unanswered >= MAX_UNANSWERED)
    }

    #[cfg(test)]
    pub(super) fn is_pending(&self) -> bool {
        self.pending
    }
}
