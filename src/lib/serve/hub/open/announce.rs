//! What the host announces in an open room.

use crate::chat::MessageText;
use crate::serve::hub::Hub;

impl Hub {
    /// Publishes an announcement, which is held to the rules of messages: without effect if it breaks one.
    pub(in crate::serve::hub) fn announce(&self, text: &str) {
        let mut inner = self.lock();
        let Ok(open) = inner.room.open() else { return };
        if let Ok(text) = MessageText::parse(text, open.message_bytes) {
            inner.push_announcement(text.as_str());
            self.notify();
        }
    }
}
