//! What a participant of a sealed room says, as far as the server can read it.

use std::time::Instant;

use crate::chat::{EntryKind, Posting, RoomError};
use crate::serve::hub::connection::Connection;
use crate::serve::hub::publish::unix_milliseconds;
use crate::wire::{self, Refusal, RefusalCode, SealedBox};

impl Connection {
    /// Relays a box to all. The room drops a second one under the same reference.
    ///
    /// # Errors
    /// When its head names another sender or a generation that has not begun, when the participant is over
    /// the rate limit, or after a newer connection took the seat.
    pub(in crate::serve) fn post_box(
        &self,
        reference: Option<&str>,
        body: &SealedBox,
    ) -> Result<(), Refusal> {
        let mut inner = self.hub.lock();
        if !inner.is_current(self.id) {
            return Err(RoomError::NoSeat.into());
        }
        let number = self.id.number;
        let sealed = inner.room.sealed()?;
        if body.head.number != number {
            let text = "a sealed message has its sender's number in its head; send your own";
            return Err(Refusal::new(RefusalCode::BadJson, text));
        }
        let newest = sealed.newest.as_ref().map_or(0, |generation| generation.number);
        if !(1..=newest).contains(&body.head.generation) {
            let text =
                "the key of that message is not in use; return to the room and send it again";
            return Err(Refusal::new(RefusalCode::BadJson, text));
        }
        if sealed.seats.post(number, reference, Instant::now())? == Posting::Repeated {
            return Ok(());
        }
        let at = unix_milliseconds();
        let line = |seq| wire::box_line(seq, at, reference, body).into();
        inner.push(EntryKind::Message(number), line);
        self.hub.notify();
        Ok(())
    }
}
