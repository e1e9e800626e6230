//! What is new, to everybody who has read all before it: one pass over the sockets, one write each.
//!
//! What costs is the number of system calls, and next to it whatever is done for each receiver
//! around them: waking a task, looking for its seat, pointing at each line. So whoever keeps up has
//! nothing done for them but the write, of bytes that all of them share. Whoever does not takes the
//! writer back, and their own task goes on at their pace.

mod owner;
#[cfg(test)]
mod owner_tests;
mod pass;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slab::Slab;

use super::super::hub::{ConnectionId, Hub, Position};
use super::socket::Writer;
use owner::WriteOwner;

pub(in crate::serve) use pass::FRAMES;
pub(super) use pass::run;

/// All sockets of people in the room.
#[derive(Debug, Default)]
pub(super) struct FanOut {
    subscribers: Mutex<Slab<Subscriber>>,
}

#[derive(Debug)]
struct Subscriber {
    id: ConnectionId,
    owner: WriteOwner<Writer>,
}

/// One socket among all of them, from its side. It is out when this is dropped.
#[derive(Debug)]
pub(super) struct Subscription {
    fan_out: Arc<FanOut>,
    key: usize,
}

impl FanOut {
    /// One more socket, whose writer its task has.
    pub(super) fn subscribe(self: &Arc<Self>, id: ConnectionId) -> Subscription {
        let key = self.lock().insert(Subscriber { id, owner: WriteOwner::Task });
        Subscription { fan_out: Arc::clone(self), key }
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Subscriber>> {
        // A panic in one task must not silence the others; no change under this lock is half done.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Gives the writer to the fan-out, unless there is something new behind `position` already:
    /// then the writer comes back.
    pub(super) fn hand_over(
        &self,
        hub: &Hub,
        writer: Writer,
        position: Position,
    ) -> Option<Writer> {
        let mut subscribers = self.fan_out.lock();
        // Under the lock: what is published after this look rings for a pass that waits for the lock.
        let snapshot = hub.snapshot();
        if snapshot.latest != position || snapshot.closing {
            return Some(writer);
        }
        subscribers[self.key].owner.hand_over(writer, position);
        None
    }

    /// Takes the writer back, with how far it has come; `None` if the task has it.
    pub(super) fn reclaim(&self) -> Option<(Writer, Position)> {
        self.fan_out.lock()[self.key].owner.reclaim()
    }

    /// Returns when the fan-out does not have the writer. Safe to cancel.
    pub(super) async fn returned(&self) {
        std::future::poll_fn(|cx| self.fan_out.lock()[self.key].owner.poll_returned(cx)).await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.fan_out.lock().remove(self.key);
    }
}
