//! Forgets what was said, at the operator's order.

use std::sync::Arc;

use super::Hub;
use super::connection::Connection;
use crate::chat::EntryKind;
use crate::wire;

impl Hub {
    /// Forgets what was said, and has all clients do the same. The memory is overwritten when the last reader
    /// drops its lines: those that wait for a slow client are dropped now, with its connection.
    pub(super) fn clear(&self) {
        let mut inner = self.lock();
        inner.ring.clear();
        inner.cleared_seq = inner.ring.next_seq();
        inner.push(EntryKind::Notice, |seq| wire::cleared_line(seq).into());
        self.notify();
        self.cleared.notify_waiters();
    }
}

impl Connection {
    /// Returns when the operator has cleared what this connection has read last: a client that has not taken
    /// it by then is not to get it any more. Cancel safe.
    pub(in crate::serve) fn cleared(&self) -> impl Future<Output = ()> + use<> {
        let (hub, cursor) = (Arc::clone(&self.hub), self.position.cursor);
        async move {
            let cleared = hub.cleared.notified();
            tokio::pin!(cleared);
            // Registered before the state is read, so that an order between the two is not missed.
            cleared.as_mut().enable();
            if hub.lock().cleared_seq <= cursor {
                cleared.await;
            }
        }
    }
}
