//! All connections, and which of them goes first when there are too many.
//!
//! A connection whose client has not shown a ticket is *pending*: it may be a page that is being
//! loaded, or one of ten thousand that an attacker opens. There are only so many of them; for one more,
//! the oldest is cut. So a newcomer never waits for those who say nothing, and has as much time as all
//! pending places last at the pace of the attack. Connections of people in the room are never cut for
//! others, and there is one for each seat.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

/// All connections of a room.
#[derive(Debug)]
pub(super) struct Connections {
    /// Pending connections at most.
    most: usize,
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    /// Counts up: the order in which they came.
    next: u64,
    /// The first is the first to go.
    waiting: BTreeMap<(Turn, u64), Weak<Place>>,
}

/// Who goes before whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Everything that matters is done: what is left is a goodbye, or an answer to take.
    Leaving,
    /// A ticket may come.
    Pending,
}

/// The place of one connection among all. It is free when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    number: u64,
    cut: AtomicBool,
    told: Notify,
}

impl Connections {
    /// None yet; `most` may be pending.
    pub(super) fn new(most: usize) -> Self {
        Self { most, pending: Mutex::default() }
    }

    /// A place for one more, which is pending. The oldest pending one is cut if there are too many.
    pub(super) fn enter(self: &Arc<Self>) -> Arc<Place> {
        let mut pending = self.lock();
        let number = pending.next;
        pending.next += 1;
        let connections = Arc::clone(self);
        let (cut, told) = (AtomicBool::new(false), Notify::new());
        let place = Arc::new(Place { connections, number, cut, told });
        pending.waiting.insert((Turn::Pending, number), Arc::downgrade(&place));
        pending.cut_beyond(self.most);
        place
    }

    /// Cuts the oldest pending connection, for want of anything that connections need.
    pub(super) fn cut_one(&self) {
        let mut pending = self.lock();
        let fewer = pending.waiting.len().saturating_sub(1);
        pending.cut_beyond(fewer);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // Nothing under this lock can panic half-way.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn cut_beyond(&mut self, most: usize) {
        while self.waiting.len() > most
            && let Some((_, place)) = self.waiting.pop_first()
        {
            if let Some(place) = place.upgrade() {
                place.cut.store(true, Ordering::Relaxed);
                place.told.notify_waiters();
            }
        }
    }
}

impl Place {
    /// The client has shown a ticket and is in the room: it is not cut for others.
    pub(super) fn admit(&self) {
        self.connections.lock().waiting.remove(&(Turn::Pending, self.number));
    }

    /// The client has nothing more to say: it is the first to go.
    pub(super) fn leave(self: &Arc<Self>) {
        let mut pending = self.connections.lock();
        pending.waiting.remove(&(Turn::Pending, self.number));
        pending.waiting.insert((Turn::Leaving, self.number), Arc::downgrade(self));
        pending.cut_beyond(self.connections.most);
    }

    /// Returns when the connection has to go. Safe to cancel.
    pub(super) async fn cut(&self) {
        let told = self.told.notified();
        tokio::pin!(told);
        // Before the look, so that nothing is missed in between.
        told.as_mut().enable();
        if !self.cut.load(Ordering::Relaxed) {
            told.await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut pending = self.connections.lock();
        for turn in [Turn::Pending, Turn::Leaving] {
            pending.waiting.remove(&(turn, self.number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cut(place: &Place) -> bool {
        place.cut.load(Ordering::Relaxed)
    }

    #[test]
    fn the_oldest_without_a_ticket_goes_first_and_those_who_leave_before_it() {
        let connections = Arc::new(Connections::new(3));
        let places: Vec<_> = (0..3).map(|_| connections.enter()).collect();
        places[0].admit();
        let more = [connections.enter(), connections.enter()];
        assert!(is_cut(&places[1]) && !is_cut(&places[0]) && !is_cut(&places[2]));
        // One participant leaves: there is one too many, and it is this one.
        places[0].leave();
        assert!(is_cut(&places[0]) && !is_cut(&places[2]));
        // A place that was given up is free.
        drop(more);
        connections.enter();
        connections.cut_one();
        assert!(is_cut(&places[2]));
        assert!(connections.lock().waiting.is_empty());
    }

    /// However many come, those in the room stay.
    #[tokio::test]
    async fn ten_thousand_that_say_nothing_are_cut_one_after_the_other() {
        let connections = Arc::new(Connections::new(10));
        let inside = connections.enter();
        inside.admit();
        let silent: Vec<_> = (0..10_000).map(|_| connections.enter()).collect();
        for place in &silent[..9_990] {
            place.cut().await;
        }
        assert!(silent[9_990..].iter().all(|place| !is_cut(place)) && !is_cut(&inside));
        assert_eq!(connections.lock().waiting.len(), 10);
    }
}
