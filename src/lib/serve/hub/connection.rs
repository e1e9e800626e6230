//! One transport of one participant, from being let in to being dropped.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::{Hub, Life};
use crate::chat::{Past, Refusal, Text};

/// "typing" notes that are remembered for readers who have not woken up yet. Losing one loses a
/// flicker on a screen.
const TYPING_KEPT: usize = 64;

/// Most that one read takes from the ring: a frame that a slow line can still swallow within the
/// patience of the sender.
pub(in crate::serve) const BATCH_BYTES: usize = 64 * 1024;

/// Why a connection has nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Over {
    /// The session ends.
    Ended,
    /// Its seat was given up, or taken over by a newer transport.
    Replaced,
}

/// What a connection has not read yet.
#[derive(Debug)]
pub(in crate::serve) enum News {
    /// Nothing: wait for [`Connection::woken`].
    Nothing,
    /// Events, and who types.
    Some {
        /// Events of the room.
        past: Past,
        /// Numbers of seats.
        typing: Vec<u64>,
    },
    /// Nothing, ever again.
    Over(Over),
}

/// One transport of one participant: a WebSocket, or one held poll.
#[derive(Debug)]
pub(in crate::serve) struct Connection {
    pub(super) hub: Arc<Hub>,
    pub(super) bell: watch::Receiver<()>,
    pub(super) number: u64,
    pub(super) transport: u64,
    pub(super) cursor: u64,
    pub(super) typed: u64,
}

impl Connection {
    /// The last number that this connection has read.
    pub(in crate::serve) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Reads on. The bell is marked as heard first, so nothing that comes later is slept through.
    pub(in crate::serve) fn read(&mut self) -> News {
        self.bell.mark_unchanged();
        let inner = self.hub.lock();
        if inner.room.transport(self.number) != Some(self.transport) {
            return News::Over(Over::Replaced);
        }
        let past = inner.ring.after(self.cursor, BATCH_BYTES);
        let fresh = inner
            .typing
            .iter()
            .filter(|(mark, number)| *mark > self.typed && *number != self.number);
        let typing: Vec<u64> = fresh.map(|(_, number)| *number).collect();
        self.typed = inner.typed;
        if past.events.is_empty() && past.missed == 0 && typing.is_empty() {
            return match inner.life {
                Life::Open => News::Nothing,
                Life::Ending => News::Over(Over::Ended),
            };
        }
        self.cursor = past.cursor;
        News::Some { past, typing }
    }

    /// Returns when there may be something to read. Safe to cancel.
    pub(in crate::serve) async fn woken(&mut self) {
        // The hub cannot be gone: this connection holds it.
        let _ = self.bell.changed().await;
    }

    /// Says something to everybody. A repetition under the same reference is dropped.
    ///
    /// # Errors
    /// What the room says; [`Refusal::NoSeat`] also after a newer transport took the seat.
    pub(in crate::serve) fn say(
        &self,
        reference: Option<String>,
        text: Text,
    ) -> Result<(), Refusal> {
        let mut inner = self.hub.lock();
        if inner.room.transport(self.number) != Some(self.transport) {
            return Err(Refusal::NoSeat);
        }
        let event = inner.room.say(self.number, reference, text, Instant::now())?;
        self.hub.publish(&mut inner, event.into_iter().collect());
        Ok(())
    }

    /// Lets the others know that this one types.
    pub(in crate::serve) fn types(&self) {
        let mut inner = self.hub.lock();
        if !inner.room.types(self.number, Instant::now()) {
            return;
        }
        if inner.typing.len() == TYPING_KEPT {
            inner.typing.pop_front();
        }
        inner.typed += 1;
        let mark = inner.typed;
        inner.typing.push_back((mark, self.number));
        self.hub.bell.send_replace(());
    }

    /// Gives up the seat for good.
    pub(in crate::serve) fn leave(&self) {
        let mut inner = self.hub.lock();
        if inner.room.transport(self.number) == Some(self.transport) {
            let event = inner.room.leave(self.number, Instant::now());
            self.hub.publish(&mut inner, event.into_iter().collect());
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        inner.room.detach(self.number, self.transport, Instant::now());
        inner.connections -= 1;
        drop(inner);
        self.hub.bell.send_replace(());
    }
}
