//! What an order of the operator does to a client: the line by which the client learns of it.

use super::client::ClientState;
use super::event_loop::Load;

/// A line of the server, by how it begins and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    beginning: String,
    part: String,
}

impl Effect {
    /// A line with this value of `t`, and with `part` somewhere behind it.
    pub(crate) fn new(t: &str, part: impl Into<String>) -> Self {
        Self { beginning: format!("{{\"t\":\"{t}\""), part: part.into() }
    }

    pub(super) fn is(&self, line: &[u8]) -> bool {
        let Some(rest) = line.strip_prefix(self.beginning.as_bytes()) else { return false };
        self.part.is_empty() || rest.windows(self.part.len()).any(|it| it == self.part.as_bytes())
    }
}

impl Load {
    /// From now on, every client of this load looks for this line.
    pub(crate) fn expect_all(&mut self, effect: &Effect) {
        for client in 0..self.clients.len() {
            self.expect_one(client, effect.clone());
        }
    }

    /// From now on, this client looks for this line.
    pub(crate) fn expect_one(&mut self, client: usize, effect: Effect) {
        let client = &mut self.clients[client];
        client.reads_lines = true;
        client.effect = Some(effect);
    }

    /// Every client in the lobby looks for this line.
    pub(crate) fn expect_waiting(&mut self, effect: &Effect) {
        for client in 0..self.clients.len() {
            if self.clients[client].state == ClientState::Waiting {
                self.expect_one(client, effect.clone());
            }
        }
    }

    /// This client looks for this line, and the server may remove the client.
    pub(crate) fn expect_removal(&mut self, client: usize, effect: Effect) {
        self.clients[client].may_be_closed = true;
        self.expect_one(client, effect);
    }

    /// The number of a client in the room.
    pub(crate) fn number_of(&self, client: usize) -> u64 {
        self.clients[client].n
    }

    /// Whether a client has not received the line that it looks for.
    pub(crate) fn is_expecting(&self) -> bool {
        self.clients.iter().any(|client| client.effect.is_some())
    }

    /// How many clients look for a line that has not come.
    pub(crate) fn expecting(&self) -> usize {
        self.clients.iter().filter(|client| client.effect.is_some()).count()
    }

    /// Sends what is queued and handles what has arrived. Does not wait.
    ///
    /// # Errors
    /// When a client is disconnected that may not be.
    pub(crate) fn turn(&mut self) -> Result<(), String> {
        self.flush()?;
        self.poll_events(0).map(drop)
    }

    /// Sends a message from every client.
    pub(crate) fn say_all(&mut self) {
        for sender in 0..self.clients.len() {
            self.queue_message(sender);
        }
    }
}
