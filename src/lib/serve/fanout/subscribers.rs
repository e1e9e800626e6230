//! The list of sockets that the fan-out serves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slab::Slab;

use super::write_owner::WriteOwner;
use crate::serve::hub::{ConnectionId, Hub, Position};
use crate::serve::websocket::{OutgoingFrame, Writer};

/// All sockets whose clients are in the room.
#[derive(Debug, Default)]
pub(in crate::serve) struct FanOut {
    subscribers: Mutex<Slab<Subscriber>>,
}

/// One socket, as the fan-out sees it.
#[derive(Debug)]
pub(super) struct Subscriber {
    /// Tells whose socket it is, and whether it gets what all get.
    pub(super) id: ConnectionId,
    /// Where the writer of this socket is.
    pub(super) owner: WriteOwner<Writer>,
}

/// One socket, as its task sees it. Dropping it removes the socket from the list.
#[derive(Debug)]
pub(in crate::serve) struct Subscription {
    fan_out: Arc<FanOut>,
    key: usize,
}

impl FanOut {
    /// Adds a socket. Its task keeps the writer until it hands it over.
    pub(in crate::serve) fn subscribe(self: &Arc<Self>, id: ConnectionId) -> Subscription {
        let key = self.lock().insert(Subscriber { id, owner: WriteOwner::Task });
        Subscription { fan_out: Arc::clone(self), key }
    }

    /// Sends these lines and a close frame with this code to all sockets, by one write(2) for each and
    /// without waiting. One that the kernel does not take, because its client does not read, is lost.
    pub(in crate::serve) fn close_all(&self, lines: Vec<Arc<str>>, code: u16) {
        let frames = [OutgoingFrame::text(lines), OutgoingFrame::close(Some(code))];
        let bytes = frames.map(|frame| frame.to_bytes()).concat();
        for (_, subscriber) in self.lock().iter_mut() {
            let Some((writer, task)) = subscriber.owner.close() else { continue };
            writer.send_last(&bytes);
            if let Some(task) = task {
                task.wake();
            }
        }
    }

    /// Locks the list: never across an await, and for one turn of a pass at most.
    pub(super) fn lock(&self) -> MutexGuard<'_, Slab<Subscriber>> {
        // A panic in one task must not stop the others, and no change under this lock is half done.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Hands the writer over to the fan-out. Returns it if there is something to send after `position`.
    pub(in crate::serve) fn hand_over(
        &self,
        hub: &Hub,
        writer: Writer,
        position: Position,
    ) -> Option<Writer> {
        let mut subscribers = self.fan_out.lock();
        // Under the lock: an event after this snapshot notifies a pass, which waits for the lock.
        let snapshot = hub.snapshot();
        if snapshot.latest != position || snapshot.closing {
            return Some(writer);
        }
        subscribers[self.key].owner.hand_over(writer, position);
        None
    }

    /// Takes the writer back, with the position up to which it has sent; `None` if the task has it, or after
    /// [`FanOut::close_all`].
    pub(in crate::serve) fn reclaim(&self) -> Option<(Writer, Position)> {
        self.fan_out.lock()[self.key].owner.reclaim()
    }

    /// Returns when the fan-out does not have the writer. Cancel safe.
    pub(in crate::serve) async fn returned(&self) {
        std::future::poll_fn(|cx| self.fan_out.lock()[self.key].owner.poll_returned(cx)).await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.fan_out.lock().remove(self.key);
    }
}
