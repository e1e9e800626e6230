//! What a participant of an open room does: posts messages, types, leaves.

use std::time::Instant;

use crate::chat::{MessageText, RoomError};
use crate::serve::hub::connection::Connection;

/// Most "typing" notes that are kept for readers. A lost one makes an indicator on a screen flicker.
const MAX_TYPING_NOTES: usize = 64;

impl Connection {
    /// Posts a message to the room. The room drops a second message under the same reference.
    ///
    /// # Errors
    /// Those of [`crate::chat::Room::post_message`]; [`RoomError::NoSeat`] also after a newer
    /// connection took the seat.
    pub(in crate::serve) fn post_message(
        &self,
        reference: Option<String>,
        text: MessageText,
    ) -> Result<(), RoomError> {
        let mut inner = self.hub.lock();
        if !inner.is_current(self.id) {
            return Err(RoomError::NoSeat);
        }
        let now = Instant::now();
        let event = inner.room.open()?.room.post_message(self.id.number, reference, text, now)?;
        self.hub.publish(&mut inner, event);
        Ok(())
    }

    /// Relays to the others that this participant is typing.
    pub(in crate::serve) fn notify_typing(&self) {
        let mut inner = self.hub.lock();
        let number = self.id.number;
        let is_current = inner.is_current(self.id);
        let Ok(open) = inner.room.open() else { return };
        if !is_current || !open.room.accept_typing(number, Instant::now()) {
            return;
        }
        if inner.typing.len() == MAX_TYPING_NOTES {
            inner.typing.pop_front();
        }
        inner.typing_count += 1;
        let note = inner.typing_count;
        inner.typing.push_back((note, number));
        self.hub.notify();
    }
}
