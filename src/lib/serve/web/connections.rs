//! All connections, and which of them is closed first when there are too many.
//!
//! A connection whose client has not shown a ticket is *pending*: it may be a page that is loading, or
//! one of ten thousand that an attacker opens. The number of pending connections is bounded, and one
//! beyond the bound evicts the oldest. So a new client never waits for silent ones, and has as much
//! time to send its ticket as the attacker needs to fill all pending slots. Connections of participants
//! are never evicted, and there is one for each seat.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

/// Pending connections beyond as many as the room has participants: pages that load, refusals that are
/// read, polls and reconnections that overlap.
pub(in crate::serve) const SPARE_CONNECTIONS: usize = 256;

/// Keeps the number of connections of a room within its bound.
#[derive(Debug)]
pub(super) struct Connections {
    max_evictable: usize,
    evictable: Mutex<Evictable>,
    /// How many clients wait for an answer; see [`ConnectionSlot::mark_awaiting_answer`].
    awaiting_answer: AtomicUsize,
    /// None waits any more.
    all_answered: Notify,
}

/// The connections that may be evicted.
#[derive(Debug, Default)]
struct Evictable {
    /// Number of the next connection; an older one has a smaller number.
    next: u64,
    /// Of all but participants, in the order of eviction.
    slots: BTreeMap<(Phase, u64), Weak<ConnectionSlot>>,
}

/// Declared in the order of eviction; within a phase, the oldest connection is evicted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Only a goodbye or an answer is still being sent.
    Closing,
    /// The client may still show a ticket.
    Pending,
}

/// The place of one connection among all. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    connections: Arc<Connections>,
    number: u64,
    is_evicted: AtomicBool,
    awaits_answer: AtomicBool,
    notify: Notify,
}

impl Connections {
    /// No connection yet; at most `max_evictable` pending and closing ones together.
    pub(super) fn new(max_evictable: usize) -> Self {
        Self {
            max_evictable,
            evictable: Mutex::default(),
            awaiting_answer: AtomicUsize::new(0),
            all_answered: Notify::new(),
        }
    }

    /// Adds a pending connection. If there are too many, evicts the first in the order.
    pub(super) fn add(self: &Arc<Self>) -> Arc<ConnectionSlot> {
        let mut evictable = self.lock();
        let number = evictable.next;
        evictable.next += 1;
        let slot = Arc::new(ConnectionSlot {
            connections: Arc::clone(self),
            number,
            is_evicted: AtomicBool::new(false),
            awaits_answer: AtomicBool::new(false),
            notify: Notify::new(),
        });
        evictable.slots.insert((Phase::Pending, number), Arc::downgrade(&slot));
        evictable.evict_beyond(self.max_evictable);
        slot
    }

    /// Evicts the first in the order. For when the system has no descriptor left for a new connection.
    pub(super) fn evict_one(&self) {
        let mut evictable = self.lock();
        let fewer = evictable.slots.len().saturating_sub(1);
        evictable.evict_beyond(fewer);
    }

    /// Returns when no client waits for an answer. For one task at a time.
    pub(super) async fn all_answered(&self) {
        // The notification of the last answer is kept until it is awaited.
        while self.awaiting_answer.load(Ordering::Relaxed) > 0 {
            self.all_answered.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Evictable> {
        // No code under this lock can panic with a change half done.
        self.evictable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Evictable {
    fn evict_beyond(&mut self, max: usize) {
        while self.slots.len() > max
            && let Some((_, slot)) = self.slots.pop_first()
        {
            if let Some(slot) = slot.upgrade() {
                slot.is_evicted.store(true, Ordering::Relaxed);
                slot.notify.notify_waiters();
            }
        }
    }
}

impl ConnectionSlot {
    /// Exempts the connection from eviction: its client has shown a ticket and is in the room.
    pub(super) fn mark_admitted(&self) {
        self.connections.lock().slots.remove(&(Phase::Pending, self.number));
    }

    /// Makes the connection evictable before all pending ones: nothing more is expected of its client.
    pub(super) fn mark_closing(self: &Arc<Self>) {
        let mut evictable = self.connections.lock();
        evictable.slots.remove(&(Phase::Pending, self.number));
        evictable.slots.insert((Phase::Closing, self.number), Arc::downgrade(self));
        evictable.evict_beyond(self.connections.max_evictable);
    }

    /// Notes that the client has sent a whole request or message, and waits: one who polls for the answer,
    /// one with a WebSocket for what is said and for the close frame.
    pub(super) fn mark_awaiting_answer(&self) {
        if !self.awaits_answer.swap(true, Ordering::Relaxed) {
            self.connections.awaiting_answer.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes that the kernel has the last bytes for the client. So does dropping the slot.
    pub(super) fn mark_answered(&self) {
        let Connections { awaiting_answer, all_answered, .. } = &*self.connections;
        if self.awaits_answer.swap(false, Ordering::Relaxed)
            && awaiting_answer.fetch_sub(1, Ordering::Relaxed) == 1
        {
            all_answered.notify_one();
        }
    }

    /// Returns when the connection is evicted. Cancel safe.
    pub(super) async fn evicted(&self) {
        let notified = self.notify.notified();
        tokio::pin!(notified);
        // Registered before the flag is read, so that an eviction between the two is not missed.
        notified.as_mut().enable();
        if !self.is_evicted.load(Ordering::Relaxed) {
            notified.await;
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.mark_answered();
        let mut evictable = self.connections.lock();
        for phase in [Phase::Pending, Phase::Closing] {
            evictable.slots.remove(&(phase, self.number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    fn is_evicted(slot: &ConnectionSlot) -> bool {
        slot.is_evicted.load(Ordering::Relaxed)
    }

    #[test]
    fn the_oldest_pending_one_is_evicted_first_and_closing_ones_before_it() {
        let connections = Arc::new(Connections::new(3));
        let slots: Vec<_> = (0..3).map(|_| connections.add()).collect();
        slots[0].mark_admitted();
        let more = [connections.add(), connections.add()];
        assert!(is_evicted(&slots[1]) && !is_evicted(&slots[0]) && !is_evicted(&slots[2]));
        // A participant leaves: its connection is one too many, and goes before the older ones.
        slots[0].mark_closing();
        assert!(is_evicted(&slots[0]) && !is_evicted(&slots[2]));
        // A dropped slot is free.
        drop(more);
        connections.add();
        connections.evict_one();
        assert!(is_evicted(&slots[2]));
        assert!(connections.lock().slots.is_empty());
    }

    #[tokio::test]
    async fn all_are_answered_when_each_has_its_answer_or_is_gone() {
        let connections = Arc::new(Connections::new(10));
        let silent = connections.add();
        connections.all_answered().await;
        let slots = [connections.add(), connections.add()];
        // Twice: it counts once.
        slots.iter().chain(&slots).for_each(|slot| slot.mark_awaiting_answer());
        let mut all_answered = std::pin::pin!(connections.all_answered());
        let [answered, gone] = slots;
        answered.mark_answered();
        answered.mark_answered();
        assert!(
            std::future::poll_fn(|cx| Poll::Ready(all_answered.as_mut().poll(cx)))
                .await
                .is_pending()
        );
        drop(gone);
        all_answered.await;
        // The next request of the same client, after a notification that was not awaited.
        answered.mark_awaiting_answer();
        answered.mark_answered();
        answered.mark_awaiting_answer();
        drop(answered);
        connections.all_answered().await;
        drop(silent);
    }

    /// Any number of new connections leaves the participants alone.
    #[tokio::test]
    async fn ten_thousand_silent_ones_are_evicted_one_after_the_other() {
        let connections = Arc::new(Connections::new(10));
        let inside = connections.add();
        inside.mark_admitted();
        let silent: Vec<_> = (0..10_000).map(|_| connections.add()).collect();
        for slot in &silent[..9_990] {
            slot.evicted().await;
        }
        assert!(silent[9_990..].iter().all(|slot| !is_evicted(slot)) && !is_evicted(&inside));
        assert_eq!(connections.lock().slots.len(), 10);
    }
}
